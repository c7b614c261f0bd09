"""The community-catalog entry: what Rancher's catalog service, the catalog's CI and rancher-compose all accept
(catalog-format.md, section 9)."""
