"""Assets that may be one place."""
