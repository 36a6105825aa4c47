"""Photos of assets."""
