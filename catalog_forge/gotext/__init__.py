"""Go's text/template, fmt and time, as far as templates use them: lexer, parser, and a machine with limits."""
