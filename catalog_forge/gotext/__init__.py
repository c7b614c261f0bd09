"""Reimplements what templates use of Go's text/template, fmt and time: a lexer, a parser, and a machine with limits."""
