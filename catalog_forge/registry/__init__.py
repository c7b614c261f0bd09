"""Registries: what an image reference names there, and the lock that holds a catalog to it."""

LOCK = "catalog-forge.lock"
