"""The spec: an author's description of one conf image, read into values that the other packages can rely on."""
