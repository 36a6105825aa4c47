"""Files brought in by a person: their columns matched, looked at, then loaded."""
