"""YAML as go-yaml v2 has it: the library of Rancher's programs. What it reads, what Go decodes it into, what it writes."""
