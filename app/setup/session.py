"""Run a command with a database: started for the first who needs it, stopped by the last."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from app.setup.cluster import Cluster
from app.setup.errors import SetupError
from app.setup.messages import tell

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMAND_NOT_FOUND = 127


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; a killed process lets go of it by itself."""
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def database(cluster: Cluster, name: str) -> Iterator[str]:
    """Have the cluster running, with a database in it, and give the database's address.

    Several processes may be inside at once; the one that leaves last stops the cluster.

    Parameters
    ----------
    cluster : Cluster
        The private cluster.
    name : str
        The database, created when missing.
    """
    turn = cluster.home / "turn.lock"
    with (cluster.home / "users.lock").open("a", encoding="utf-8") as users:
        try:
            with locked(turn):
                fcntl.flock(users, fcntl.LOCK_SH)
                cluster.start()
                cluster.ensure_database(name)
            yield cluster.url(name)
        finally:
            with _uninterrupted(), locked(turn):
                fcntl.flock(users, fcntl.LOCK_UN)
                if _is_alone(users.fileno()):
                    cluster.stop()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let signals wait: a second Ctrl-C must not leave the server running."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove(cluster: Cluster) -> None:
    """Delete the cluster and all data in it, if nobody is using it.

    Raises
    ------
    SetupError
        If a run or test is using it.
    """
    turn, users = cluster.home / "turn.lock", cluster.home / "users.lock"
    with users.open("a", encoding="utf-8") as file, locked(turn):
        if not _is_alone(file.fileno()):
            raise SetupError("The database is in use: stop `make run` first.")
        cluster.stop()
        cluster.remove_files()


def run_with_database(checkout: Path, command: Sequence[str], *, name: str) -> int:
    """Run a command with ``DATABASE_URL`` set and return its exit code.

    A ``DATABASE_URL`` of the caller's own is respected: the command then simply takes our place.

    Parameters
    ----------
    checkout : Path
        Root of the repository; its private cluster is used.
    command : sequence of str
        Program and arguments.
    name : str
        The database in the private cluster.

    Raises
    ------
    SetupError
        If the database cannot be had or the command does not exist.
    """
    if os.environ.get("DATABASE_URL"):
        try:
            os.execvp(command[0], list(command))  # noqa: S606 - becoming the command is the point
        except OSError as error:
            raise SetupError(f"{command[0]} cannot be run: {error.strerror}.") from error
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    with database(Cluster.of_checkout(checkout), name) as url:
        return supervise(command, environment={**os.environ, "DATABASE_URL": url})


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def supervise(command: Sequence[str], *, environment: dict[str, str]) -> int:
    """Run a command, pass signals on to it once each, wait for it, and return its exit code.

    On a terminal Ctrl-C reaches every process of the foreground group by itself, so there the
    command stays in our group and only signals from elsewhere are passed on. Without a terminal
    it gets a group of its own and everything is passed on, because a caller that signals our
    whole group would otherwise reach it twice.
    """
    on_terminal = sys.stdin.isatty()
    child: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if not child:
            early.append(number)
        elif on_terminal:
            if number != signal.SIGINT:
                child[0].send_signal(number)
        elif child[0].poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child[0].pid, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    group = None if on_terminal else 0
    try:
        child.append(subprocess.Popen(command, env=environment, process_group=group))  # noqa: S603
    except OSError as error:
        tell(f"{command[0]} cannot be run: {error.strerror}.")
        return COMMAND_NOT_FOUND
    for missed in early:
        pass_on(missed, None)
    code = child[0].wait()
    return 128 - code if code < 0 else code
