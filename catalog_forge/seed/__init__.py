"""Seeding: write the values of a spec's metadata to the store that confd reads them from."""
