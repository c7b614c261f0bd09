"""Look up the digests of images in registries, and pin the images of a catalog with a lock file."""

LOCK = "catalog-forge.lock"
