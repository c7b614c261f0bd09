"""Finds all faults that Rancher refuses, each with the lint rule that reports it. Used by `up`, `lint` and `lint --verdicts`."""
