"""The sample town, for trying Patchwork out."""
