"""The command line: one file a command. The only place that prints, and that knows the terminal and the environment."""
