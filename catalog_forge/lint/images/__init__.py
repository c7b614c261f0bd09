"""Read the files of a conf image: its Dockerfile, its scripts, and confd's files inside the image."""
