"""Write findings for other programs. A format is a function that turns the result of a check into text.

Names and other strings from a catalog are untrusted, so each format escapes them.
"""
