"""The metadata service: what it answers (answers, lookup, routes, printing), and how over HTTP (wire, connection, server)."""
