"""The editors' queue."""
