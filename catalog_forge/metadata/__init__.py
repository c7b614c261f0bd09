"""The Rancher 1.x metadata service (`service`), and the short descriptions of stacks that it can serve (`scenarios`)."""
