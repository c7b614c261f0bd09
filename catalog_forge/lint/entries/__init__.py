"""Read the files of an entry: uses of variables, versions of its templates, and what the judges refuse."""
