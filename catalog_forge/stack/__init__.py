"""The whole stack of an entry on one Docker engine, as Rancher would run it: what to run (pure), running it, and its metadata."""
