"""How rules are run: registry, run and check, ignores, baseline, settings, fixes, examples as tests."""
