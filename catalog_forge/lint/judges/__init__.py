"""The three judges of a Rancher catalog: the catalog service, the CI of the catalog, and rancher-compose at launch."""
