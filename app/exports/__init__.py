"""Everything public as files: GeoPackage, GeoParquet, KML, FlatGeobuf, XLSX and zipped CSV.

`tables`, `workbooks` and `packages` are also what a ward's files are written with.
"""
