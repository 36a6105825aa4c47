"""Suggestions of anybody, and entries groups correct themselves."""
