"""Set-up: everything between a fresh machine and a running Patchwork.

Only the standard library is used here, so a broken or missing dependency can still be explained
in a sentence. ``python -m app.setup --help`` lists what it does.
"""
