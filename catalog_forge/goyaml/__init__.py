"""Reads YAML, decodes it into Go types and writes it in the same way as go-yaml v2, the library of Rancher's programs."""
