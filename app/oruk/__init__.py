"""Open Referral UK 3.0, as others read it from us."""
