"""The conf image: what is in it, and how an engine builds it."""
