"""How rules run: registry, run and check, ignores, baseline, settings, fixes, and examples as tests."""
