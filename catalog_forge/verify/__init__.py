"""Plays scenarios against a spec: renders each moment with an engine, and compares the result with what is expected."""
