"""Open Referral UK, read: feeds of services, their organizations and places."""
