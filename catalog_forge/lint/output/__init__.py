"""Write findings for other programs. A format is a function that turns the result of a check into text; names are untrusted."""
