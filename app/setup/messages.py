"""What set-up tells the person waiting."""

import sys


def tell(message: str) -> None:
    """Say what is happening, on standard error: standard output is the command's we run."""
    print(message, file=sys.stderr, flush=True)
