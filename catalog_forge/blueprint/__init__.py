"""Blueprints: cookiecutter folders that new specs start from. Finds them, answers their questions, expands them into a Plan."""
