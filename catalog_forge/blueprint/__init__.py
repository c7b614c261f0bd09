"""Finds blueprints (cookiecutter folders that generate new specs), answers their questions, and expands them into files."""
