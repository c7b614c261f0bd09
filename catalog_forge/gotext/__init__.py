"""Go's text/template, fmt and time, as far as templates reach: lexer, parser, and a bounded machine."""
