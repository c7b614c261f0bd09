"""What Rancher and its programs read of a catalog: files, entries, versions, questions, variables, templates, services."""
