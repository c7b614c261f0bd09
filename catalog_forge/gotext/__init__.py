"""Reimplements the parts of Go's text/template, fmt and time that templates use: a lexer, a parser, and a machine with limits."""
