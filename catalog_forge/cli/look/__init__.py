"""Commands that show a spec, an entry, a schema or the state of this machine."""
