"""Commands that render and test the files of conf images, and show the metadata that these images read."""
