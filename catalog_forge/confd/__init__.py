"""Compiles blocks to confd template resources for every release from 0.14 on (Go 1.8: no assignment, no break)."""
