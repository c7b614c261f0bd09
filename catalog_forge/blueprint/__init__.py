"""Blueprints: cookiecutter folders that a new spec begins from. Found, questioned, and expanded into a Plan."""
