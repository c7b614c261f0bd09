"""The tests of catalog-forge; folders mirror the package, tools for all of them are in ``tests.helpers``."""
