"""What is wrong with a catalog, and what its team demands."""
