"""The community-catalog entry: what Rancher's catalog service, the catalog's CI and rancher-compose all accept
(docs/facts/catalog.md#9)."""
