"""The checks of a parsed spec: blocks and expressions, services of an entry, the whole spec, and unused keys."""
