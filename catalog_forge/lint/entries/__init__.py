"""What the files of an entry say: merged services, uses of variables, versions of its templates, what the judges say."""
