"""The three judges of a Rancher catalog: its service, its own CI, and rancher-compose at launch."""
