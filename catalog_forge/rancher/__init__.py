"""Reads a catalog as Rancher and its programs do: files, entries, versions, questions, variables, templates and services."""
