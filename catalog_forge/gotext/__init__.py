"""Go's text/template, fmt and time, as far as confd's templates reach: gotpl parses, a bounded machine of our own runs."""
