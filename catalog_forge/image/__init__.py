"""Generate the contents of a conf image, and build the image on a Docker engine."""
