"""Areas: wards, what is in them and what is published about them."""
