"""Walking: foot networks, and how long it takes along them."""
