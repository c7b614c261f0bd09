"""What a conf image writes, rendered and tested, and the metadata that it reads."""
