"""Seeding: writes the values of a spec's metadata to the store from which confd reads them."""
