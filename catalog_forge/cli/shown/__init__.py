"""What several commands show and ask: progress, colours, result files, engines."""
