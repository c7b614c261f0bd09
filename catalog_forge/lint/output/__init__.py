"""Write findings for other programs. Each format is a function from a check's result, with untrusted names, to text."""
