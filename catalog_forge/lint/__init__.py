"""Lint for any Rancher catalog: the verdicts of the three judges of a catalog, and rules for faults that the judges accept."""
