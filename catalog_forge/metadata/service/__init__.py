"""The metadata service: its answers (answers, lookup, routes, printing), and the HTTP layer (wire, connection, server)."""
