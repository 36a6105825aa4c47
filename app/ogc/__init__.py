"""OGC API Features and Tiles: the public views for GIS programs, by tipg."""
