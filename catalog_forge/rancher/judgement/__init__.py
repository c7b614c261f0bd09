"""Finds all faults for which Rancher refuses an entry, and the lint rule for each. Used by `up`, `lint` and `lint --verdicts`."""
