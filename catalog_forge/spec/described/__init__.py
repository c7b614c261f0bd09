"""Describe the spec language to readers and tools: the reference, the JSON Schema and the full form of a spec."""
