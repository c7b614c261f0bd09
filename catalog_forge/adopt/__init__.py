"""Adopts hand-written images and entries: reads them, writes their specs and proves that both render the same."""
