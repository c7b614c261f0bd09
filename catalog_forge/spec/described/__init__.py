"""Descriptions of the spec language for readers and tools: the reference, the JSON Schema, the full form of a spec."""
