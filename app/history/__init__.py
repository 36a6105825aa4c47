"""The history of assets."""
