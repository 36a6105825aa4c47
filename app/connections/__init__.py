"""Connections: from a match to something that lasts, its dates, visits and hand-over."""
