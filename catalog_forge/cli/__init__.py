"""The command line: one file for each command, in packages by purpose. Only this package prints and reads the environment."""
