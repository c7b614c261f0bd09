"""Plays the scenarios of a spec: an engine renders each moment, and the result is compared with the expectation."""
