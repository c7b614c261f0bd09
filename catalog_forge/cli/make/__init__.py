"""Commands that make images and entries from blueprints and specs."""
