"""The front door: home page, about, the API in words, and health."""
