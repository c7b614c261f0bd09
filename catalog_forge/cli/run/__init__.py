"""Commands that run the stacks of entries on a Docker engine."""
