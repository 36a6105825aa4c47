"""Calendars of others (RFC 5545) as activities: guarded, expanded, grouped, and put in words."""
