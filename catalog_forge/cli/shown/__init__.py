"""Functions that several commands share: progress, colours, result files, engines."""
