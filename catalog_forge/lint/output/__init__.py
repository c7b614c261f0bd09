"""Write findings for other programs. Each format is a function from a check's result to text; names in it are untrusted."""
