"""Analyses the files of an entry: where they use variables, what their templates render to, and what the judges refuse."""
