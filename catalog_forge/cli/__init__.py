"""The command line: one file a command, in rooms by purpose. Only here is anything printed, and the environment read."""
