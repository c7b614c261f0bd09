"""Scenarios: a short description of a stack (model, environment), what happens to it (steps), and its metadata (answers_of)."""
