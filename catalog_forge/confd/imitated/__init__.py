"""confd itself, imitated: its command line, its files, its store, its functions, one pass over all of them."""
