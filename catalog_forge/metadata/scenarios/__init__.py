"""Scenarios: a stack in few words (model, environment), what becomes of it (steps), and what its metadata says (answers_of)."""
