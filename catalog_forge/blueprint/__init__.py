"""Find blueprints (cookiecutter folders that generate new specs), answer their questions, and expand them into files."""
