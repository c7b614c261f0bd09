"""Check a parsed spec: its blocks and expressions, the services of its entry, the spec as a whole, and unused keys."""
