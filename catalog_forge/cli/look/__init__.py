"""What a spec, a schema or this machine holds."""
