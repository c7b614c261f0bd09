"""What several commands show and ask: progress, colours, files of results, engines."""
