"""Matches: what fits a person's interests near a place."""
