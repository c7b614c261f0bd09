"""The command line: one file for each command, in packages by purpose.

Only this package prints output and reads the environment.
"""
