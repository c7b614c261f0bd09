"""Commands that find what is wrong with a catalog, and what violates the standards of its team."""
