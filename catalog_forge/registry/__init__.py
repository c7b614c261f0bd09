"""Registries: what an image reference resolves to, and the lock file that pins a catalog to it."""

LOCK = "catalog-forge.lock"
