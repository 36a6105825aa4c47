"""Assets: lists of them, and one by itself."""
