"""Public calendars: of a group, a ward, an interest, a home."""
