"""Compiles blocks to template resources for every confd release from 0.14 on (Go 1.8: without assignments and {{break}})."""
