"""The spec: what an author says about one conf image, read into values that the rest of the house can rely on."""
