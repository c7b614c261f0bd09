"""The Rancher 1.x metadata service (`service`), and short descriptions of stacks that the service can serve (`scenarios`)."""
