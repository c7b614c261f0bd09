"""Scenarios: short descriptions of a stack (model, environment), of its changes (steps), and of its metadata (answers_of)."""
