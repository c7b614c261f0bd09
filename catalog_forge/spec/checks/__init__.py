"""What has to hold in a spec that was read: blocks and expressions, services together, the whole; and what nothing reads."""
