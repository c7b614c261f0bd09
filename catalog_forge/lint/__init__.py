"""Any Rancher catalog, judged: what the three real judges do with it, and rules that find what they let pass."""
