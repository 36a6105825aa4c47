"""Residents and people at home: kept by reference, with a lawful basis, for their team alone."""
