"""Reads scenarios, which describe a stack (model, environment) and its changes (steps), and derives the metadata (answers_of)."""
