"""The command line. Each command has a separate file; the packages group the commands by purpose.

Only this package prints output and reads the environment.
"""
