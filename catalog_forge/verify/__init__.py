"""Scenarios held against a spec: what is rendered at each moment, by which engine, and whether it is what was expected."""
