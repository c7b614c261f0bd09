"""The stacks of entries on a Docker engine."""
