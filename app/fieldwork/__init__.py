"""Walking the patch: the map in the hand, and what is recorded on it."""
