"""Look up the digests of images in registries, and pin a catalog to them with a lock file."""

LOCK = "catalog-forge.lock"
