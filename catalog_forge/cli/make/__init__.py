"""From a blueprint or a spec to images and entries."""
