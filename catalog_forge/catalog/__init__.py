"""Generates community-catalog entries that Rancher and the catalog's CI accept (docs/facts/catalog.md#9)."""
