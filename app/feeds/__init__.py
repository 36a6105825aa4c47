"""What others publish and we read again and again: where, how often, and what came of it."""
