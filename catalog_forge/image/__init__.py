"""The conf image: its contents, and how an engine builds it."""
