"""YAML as go-yaml v2, the library of Rancher's programs, reads it, decodes it into Go types, and writes it."""
