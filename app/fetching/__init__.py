"""Fetching what others publish, safely: whatever address somebody typed in."""
