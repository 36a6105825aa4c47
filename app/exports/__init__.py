"""Everything public as files: GeoJSON, GeoPackage, GeoParquet, KML, FlatGeobuf, CSV, XLSX."""
