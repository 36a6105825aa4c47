"""``python -m app.setup``: what the Makefile calls."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from app.setup import debian
from app.setup.cluster import Cluster
from app.setup.environment import make_environment, write_lock
from app.setup.errors import SetupError
from app.setup.messages import tell
from app.setup.session import locked, remove, run_with_database
from app.setup.vendor import install_audit, vendor

CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Do one step of set-up and return the exit code; what went wrong is one sentence."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.step(options) or 0)
    except SetupError as error:
        tell(f"Patchwork set-up: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.setup", description=main.__doc__)
    steps = parser.add_subparsers(required=True)
    steps.add_parser("environment", help="make .venv from the hashed lock").set_defaults(
        step=_environment
    )
    files = steps.add_parser("vendor", help="bring the third-party front-end files")
    files.add_argument("--with-tests", action="store_true", help="also what only tests use")
    files.set_defaults(step=_vendor)
    steps.add_parser("chromium", help="have a browser for the browser tests").set_defaults(
        step=_chromium
    )
    steps.add_parser("exiftool", help="have what tests look into photos with").set_defaults(
        step=_exiftool
    )
    steps.add_parser("audit", help="bring what make audit measures pages with").set_defaults(
        step=_audit
    )
    steps.add_parser("pdf", help="have what PDF files are made with").set_defaults(step=_pdf)
    run = steps.add_parser("with-database", help="run a command with DATABASE_URL set")
    run.add_argument("--database", default="patchwork", metavar="NAME")
    run.add_argument("command", nargs="+", metavar="CMD")
    run.set_defaults(step=_with_database)
    steps.add_parser("lock", help="write requirements.lock anew").set_defaults(step=_lock)
    remove_data = steps.add_parser("remove-data", help="delete the private cluster")
    remove_data.add_argument("--confirm", default="", metavar="yes")
    remove_data.set_defaults(step=_remove_data)
    steps.add_parser("psql", help="open DATABASE_URL in psql").set_defaults(step=_psql)
    return parser


def _environment(_options: argparse.Namespace) -> None:
    with locked(_own_folder() / "setup.lock"):
        make_environment(CHECKOUT)


def _vendor(options: argparse.Namespace) -> None:
    with locked(_own_folder() / "setup.lock"):
        vendor(CHECKOUT, include_tests=options.with_tests)


def _chromium(_options: argparse.Namespace) -> int:
    return _for_tests(debian.ensure_chromium, otherwise="Browser tests cannot run here")


def _exiftool(_options: argparse.Namespace) -> int:
    return _for_tests(debian.ensure_exiftool, otherwise="Photos cannot be looked into here")


def _for_tests(ensure: Callable[[], Path], *, otherwise: str) -> int:
    try:
        with locked(_own_folder() / "setup.lock"):
            ensure()
    except SetupError as error:
        # Without it a person can still test the rest; CI must not pass without it.
        in_ci = os.environ.get("CI", "").lower() == "true"
        tell(f"{otherwise}: {error}")
        return 1 if in_ci else 0
    return 0


def _audit(_options: argparse.Namespace) -> None:
    with locked(_own_folder() / "setup.lock"):
        install_audit(CHECKOUT)


def _pdf(_options: argparse.Namespace) -> None:
    try:
        with locked(_own_folder() / "setup.lock"):
            debian.ensure_pdf_libraries()
    except SetupError as error:
        # Everything else works; the page itself can be printed.
        tell(f"Hand-overs cannot be PDF files here: {error}")


def _lock(_options: argparse.Namespace) -> None:
    write_lock(CHECKOUT)


def _with_database(options: argparse.Namespace) -> int:
    return run_with_database(CHECKOUT, options.command, name=options.database)


def _remove_data(options: argparse.Namespace) -> int:
    place = CHECKOUT / ".local" / "postgres"
    if not place.exists():
        tell("There is no database to delete.")
        return 0
    if options.confirm != "yes":
        tell(
            f"This deletes the database in {place.resolve()} and everything loaded or typed into "
            "it. To do it: make clean-data CONFIRM=yes"
        )
        return 1
    remove(Cluster.of_checkout(CHECKOUT))
    if place.is_symlink():
        place.unlink()
    tell(f"Deleted the database in {place}.")
    return 0


def _psql(_options: argparse.Namespace) -> None:
    program = shutil.which("psql")
    if program is None:
        program = debian.ensure_server().program("psql")
    # SQLAlchemy's spelling names the driver, which psql does not know.
    url = os.environ["DATABASE_URL"].replace("postgresql+psycopg:", "postgresql:", 1)
    os.execv(program, [program, url])  # noqa: S606 - becoming psql is the point


def _own_folder() -> Path:
    folder = CHECKOUT / ".local"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SetupError(f"Set-up writes to {folder}: {error.strerror}.") from error
    return folder


if __name__ == "__main__":
    sys.exit(main())
