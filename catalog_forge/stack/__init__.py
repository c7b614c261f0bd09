"""Runs the whole stack of an entry on one Docker engine, as Rancher would run it, and serves its metadata."""
