"""How Rancher and its programs read a catalog: files, entries, versions, questions, variables, templates and services."""
