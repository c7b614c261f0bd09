"""The Rancher 1.x metadata service (`service`), and the stacks in few words that it tells of (`scenarios`)."""
