"""The spec language as others read it: the reference, the JSON Schema, the full form of a spec."""
