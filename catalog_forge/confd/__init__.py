"""Compiles blocks to template resources for confd 0.14 and later.

The templates contain no assignments with `=` and no {{break}}, because Go 1.8 supports neither.
"""
