"""Patchwork's own PostgreSQL cluster: made, started and stopped by us, apart from the system's.

It listens on a socket in a private folder only, so trusting whoever reaches the socket is safe.
"""

import hashlib
import locale
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import quote

from app.setup import debian
from app.setup.errors import SetupError
from app.setup.messages import tell

ROLE = "patchwork"
PORT = 54329
"""Only a part of the socket's name: nothing listens on TCP."""

LONGEST_SOCKET_BYTES = 107
ELSEWHERE = Path("/var/lib/patchwork")
START_SECONDS = 300
"""Recovery after a power cut can take this long."""

SETTINGS = """
# --- Patchwork: a laptop's settings ---
listen_addresses = ''
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = 128MB
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The operating-system account the server runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A private cluster in one folder.

    Attributes
    ----------
    home : Path
        Holds ``data``, ``log``, the locks and, where its path is short enough, the socket.
    run_as : Account or None
        Another account to run the server as; PostgreSQL refuses to run as root.
    """

    home: Path
    run_as: Account | None = None

    @classmethod
    def of_checkout(cls, checkout: Path) -> Self:
        """Find the place for a checkout's cluster and make its folder.

        That is ``.local/postgres``. As root, where the server's account cannot reach it (a private
        home), it is a folder below ``/var/lib/patchwork``, and ``.local/postgres`` a link to it.

        Raises
        ------
        SetupError
            If the folder belongs to somebody else or cannot be made.
        """
        home = checkout / ".local" / "postgres"
        try:
            home.parent.mkdir(exist_ok=True)
            if home.is_symlink():
                home = home.resolve()
            run_as = server_account(home) if os.geteuid() == 0 else None
            if run_as and not home.exists() and not _can_reach(run_as, home.parent):
                link, home = home, ELSEWHERE / hashlib.sha256(bytes(checkout)).hexdigest()[:12]
                ELSEWHERE.mkdir(parents=True, exist_ok=True)
                # Root's umask may keep everybody out; the folders in it are private themselves.
                ELSEWHERE.chmod(0o755)
                link.symlink_to(home)
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SetupError(f"The database needs the folder {home}: {error}.") from error
        return cls(home=home, run_as=run_as)._with_private_home()

    def _with_private_home(self) -> Self:
        owner = self.run_as.uid if self.run_as else os.geteuid()
        if self.run_as and self.home.stat().st_uid == 0:
            os.chown(self.home, self.run_as.uid, self.run_as.gid)
        if self.home.stat().st_uid != owner:
            raise SetupError(
                f"{self.home} belongs to another account: run make as that account, as before."
            )
        self.home.chmod(0o700)
        return self

    @cached_property
    def server(self) -> debian.Server:
        """The programs that fit this cluster, installed when missing."""
        version = self.data / "PG_VERSION"
        major = int(version.read_text(encoding="ascii")) if version.exists() else None
        return debian.ensure_server(major=major)

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "log" / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: in the cluster's folder, or in /tmp where that path is too long."""
        inside = self.home / "socket"
        name = os.fsencode(inside / f".s.PGSQL.{PORT}")
        # A comma, quote or space would need quoting in three different places.
        if len(name) <= LONGEST_SOCKET_BYTES and re.fullmatch(rb"[\w./-]+", name):
            return inside
        owner = self.run_as.uid if self.run_as else os.geteuid()
        digest = hashlib.sha256(bytes(self.home)).hexdigest()[:12]
        # Not the TMPDIR of the moment: the next run must find the same place.
        return Path("/tmp") / f"patchwork-{digest}-{owner}"  # noqa: S108 - looked at before use

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of one of its databases."""
        folder = quote(str(self.socket_folder), safe="/")
        return f"postgresql+psycopg://{ROLE}@/{database}?host={folder}&port={PORT}"

    def is_accepting(self) -> bool:
        """Tell whether the server answers on its socket."""
        return self._call("pg_isready", "-q", *self._where()).returncode == 0

    def start(self) -> bool:
        """Start the server if it is not running, making the cluster first if there is none.

        Returns
        -------
        bool
            False if it was running.

        Raises
        ------
        SetupError
            If PostgreSQL is missing, has the wrong version, or does not start.
        """
        if self._wait_for_running():
            return False
        self._initialise()
        self._make_folder(self.socket_folder)
        # Nobody works in the data directory (looked at above), so these are left over from a
        # crash; the process number in them may belong to some other program by now.
        for left_over in (self.data / "postmaster.pid", *self.socket_folder.iterdir()):
            left_over.unlink(missing_ok=True)
        self._make_folder(self.log.parent)
        options = f"-k '{self.socket_folder}' -p {PORT}"
        answer = self._call(
            "pg_ctl", "start", "-w", "-s", f"--timeout={START_SECONDS}", f"--pgdata={self.data}",
            f"--log={self.log}", f"--options={options}",
        )  # fmt: skip
        if answer.returncode != 0:
            raise SetupError(f"PostgreSQL did not start: {answer.stderr.strip()}\n{self._tail()}")
        return True

    def stop(self) -> None:
        """Stop the server if it is running, ending whatever is still connected."""
        for mode in ("fast", "immediate"):
            if not self.processes():
                return
            self._call("pg_ctl", "stop", "-w", "-s", f"--pgdata={self.data}", f"--mode={mode}")

    def remove_files(self) -> None:
        """Delete the stopped cluster with all its data."""
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        shutil.rmtree(self.home)

    def ensure_database(self, name: str) -> None:
        """Create a database unless it exists.

        Raises
        ------
        SetupError
            If the name is not a plain one, or the server refuses.
        """
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
            raise SetupError(f"{name!r} is not a plain database name (a-z, 0-9 and _).")
        if self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") != "1":  # noqa: S608
            self._sql(f'CREATE DATABASE "{name}"')

    def processes(self) -> list[int]:
        """Return the processes working in the data directory, whatever ``postmaster.pid`` says."""
        here = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                working_directory = (process / "cwd").readlink()
            except OSError:
                continue
            if working_directory == self.data:
                here.append(int(process.name))
        return here

    def _wait_for_running(self) -> bool:
        """Wait for a server on its way up or down; tell whether there is one at the end."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_accepting():
            if not self.processes():
                return False
            if time.monotonic() > deadline:
                raise SetupError(f"PostgreSQL is running but does not answer.\n{self._tail()}")
            time.sleep(0.1)
        return True

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists():
            raise SetupError(f"{self.data} is not a PostgreSQL data directory: move it away.")
        tell(f"Database: making a PostgreSQL {self.server.major} cluster in {self.home}")
        # Made beside its final place, so a run cut short leaves nothing that looks like a cluster.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        answer = self._call(
            "initdb", f"--pgdata={unfinished}", f"--username={ROLE}", "--auth-local=trust",
            "--auth-host=reject", "--data-checksums", "--encoding=UTF8", f"--locale={_locale()}",
        )  # fmt: skip
        if answer.returncode != 0:
            raise SetupError(f"The cluster could not be made: {answer.stderr.strip()}")
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(SETTINGS)
        unfinished.rename(self.data)

    def _make_folder(self, folder: Path) -> None:
        owner = self.run_as.uid if self.run_as else os.geteuid()
        try:
            folder.mkdir(mode=0o700)
            if self.run_as:
                os.chown(folder, self.run_as.uid, self.run_as.gid)
        except FileExistsError:
            # In /tmp anyone may have made it first, to read along.
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
                raise SetupError(f"{folder} is not a private folder of ours: delete it.") from None

    def _where(self) -> list[str]:
        return [f"--host={self.socket_folder}", f"--port={PORT}"]

    def _sql(self, statement: str) -> str:
        arguments = ["-XAtq", *self._where(), f"--username={ROLE}", "--dbname=postgres"]
        answer = self._call("psql", *arguments, f"--command={statement}")
        if answer.returncode != 0:
            raise SetupError(f"The database refused: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def _call(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a PostgreSQL program as the server's account, out of reach of Ctrl-C."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        # Files, not pipes: the server would keep a pipe of pg_ctl open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            code = subprocess.call(  # noqa: S603 - PostgreSQL's programs
                [self.server.program(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd="/",
                env={**environment, "LC_ALL": "C"},
                umask=0o077,
                process_group=0,
                user=self.run_as.uid if self.run_as else None,
                group=self.run_as.gid if self.run_as else None,
                extra_groups=[] if self.run_as else None,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def _tail(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])


def server_account(home: Path) -> Account:
    """Return the account root lets the server run as: who has the data already, or postgres.

    Raises
    ------
    SetupError
        If the machine has neither an account postgres nor nobody.
    """
    if home.exists() and home.stat().st_uid != 0:
        owner = home.stat()
        return Account(name=str(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise SetupError("PostgreSQL cannot run as root, and there is no account postgres or nobody.")


def _can_reach(account: Account, folder: Path) -> bool:
    answer = subprocess.run(  # noqa: S603 - test(1) as the server's account
        ["test", "-x", str(folder)],  # noqa: S607
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        check=False,
    )
    return answer.returncode == 0


def _locale() -> str:
    """Return a locale of this machine that knows UTF-8, preferring the one without a country."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_GB.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
