"""Seeding: the values of a spec's metadata, written into the store that confd reads them from."""
