"""The Rancher 1.x metadata service: what it knows (stack), how it is asked (routes, lookup), how it serves (server)."""
