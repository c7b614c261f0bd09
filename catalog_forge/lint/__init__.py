"""Lint for any Rancher catalog: what the three real judges do with it, and rules that find the faults these judges let pass."""
