"""Bringing files in: read, normalise, check, stage, merge, report."""
