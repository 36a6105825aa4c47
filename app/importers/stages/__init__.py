"""A stage for each kind of record: its temporary table, its checks and its merge."""
