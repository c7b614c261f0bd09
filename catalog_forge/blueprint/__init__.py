"""Blueprints: cookiecutter folders that new specs start from. Find them, answer their questions, expand them into a Plan."""
