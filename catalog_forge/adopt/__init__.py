"""Adopts hand-written images and entries: writes specs for them and proves that the new images render the same files."""
