"""Findings for machines: a format is a function from what was checked to text. Names in it are those of strangers."""
