"""The one error of set-up."""


class SetupError(Exception):
    """Set-up cannot go on; the message says in one sentence what to do about it."""
