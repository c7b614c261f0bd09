"""Compiles blocks to template resources for confd 0.14 and later, without assignments and {{break}}, which Go 1.8 lacks."""
