"""The first page after signing in: what there is to do, by task."""
