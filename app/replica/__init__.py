"""Public reads from a copy of the database: a PostgreSQL streaming replica (a hot standby).

`watching` knows how far the replica is, `routing` decides request by request who is asked.
"""
