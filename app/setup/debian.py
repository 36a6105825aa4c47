"""Find PostgreSQL with PostGIS, Chromium and venv on Debian and Ubuntu; install what is missing.

Nothing here starts, stops or changes a database cluster of the system.
"""

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.setup.errors import SetupError
from app.setup.messages import tell

SERVERS = Path("/usr/lib/postgresql")
SHARES = Path("/usr/share/postgresql")
CREATECLUSTER = Path("/etc/postgresql-common/createcluster.d")
PROGRAMS = ("postgres", "initdb", "pg_ctl", "pg_isready", "psql")


@dataclass(frozen=True, kw_only=True)
class Server:
    """Installed PostgreSQL programs of one major version, with PostGIS beside them or not."""

    bin_dir: Path
    major: int
    has_postgis: bool

    def program(self, name: str) -> str:
        """Return the full path of one of its programs."""
        return str(self.bin_dir / name)


def find_servers() -> list[Server]:
    """Return every usable PostgreSQL installation: those with PostGIS first, then newest first."""
    found: dict[Path, Server] = {}
    for bin_dir in SERVERS.glob("*/bin"):
        if bin_dir.parent.name.isdecimal():
            major = int(bin_dir.parent.name)
            _add_server(found, bin_dir, major, SHARES / str(major))
    asked = _ask_pg_config()
    if asked:
        _add_server(found, *asked)
    return sorted(found.values(), key=lambda server: (server.has_postgis, server.major))[::-1]


def _add_server(found: dict[Path, Server], bin_dir: Path, major: int, share: Path) -> None:
    if all(os.access(bin_dir / program, os.X_OK) for program in PROGRAMS):
        has_postgis = (share / "extension" / "postgis.control").exists()
        found[bin_dir] = Server(bin_dir=bin_dir, major=major, has_postgis=has_postgis)


def _ask_pg_config() -> tuple[Path, int, Path] | None:
    program = shutil.which("pg_config")
    if program is None:
        return None
    lines = _output([program, "--bindir", "--version", "--sharedir"]).splitlines()
    if len(lines) != 3:
        return None
    major = re.search(r"\d+", lines[1])
    return (Path(lines[0]), int(major.group()), Path(lines[2])) if major else None


def ensure_server(*, major: int | None = None) -> Server:
    """Return PostgreSQL programs with PostGIS, installing the Debian packages when missing.

    Parameters
    ----------
    major : int, optional
        The major version an existing cluster needs; None takes the newest.

    Raises
    ------
    SetupError
        If there is none and it may not or cannot be installed, or only another major version.
    """
    server = _pick(major)
    if server is None and (major is None or not _pick(None)):
        _install_postgis()
        server = _pick(major)
    if server is None:
        others = ", ".join(str(server.major) for server in find_servers() if server.has_postgis)
        raise SetupError(
            f"The database was made by PostgreSQL {major}, but here is {others or 'none'}: install "
            f"postgresql-{major} and postgresql-{major}-postgis-3, or set DATABASE_URL, or delete "
            "the database and its data with `make clean-data CONFIRM=yes`."
        )
    return server


def _pick(major: int | None) -> Server | None:
    for server in find_servers():
        if server.has_postgis and major in (None, server.major):
            return server
    return None


def _install_postgis() -> None:
    packages = postgis_packages()
    may_install = _privilege(
        packages, otherwise="or set DATABASE_URL to a PostgreSQL that has PostGIS"
    )
    with no_system_cluster(may_install):
        install(packages, why="PostgreSQL with PostGIS, about 40 MB", privilege=may_install)


def postgis_packages() -> list[str]:
    """Return the Debian packages that are missing for PostgreSQL with PostGIS.

    A server that is there already only gets PostGIS beside it, and is not named, because apt
    would upgrade it and restart the system's clusters.

    Raises
    ------
    SetupError
        If this is not Debian or Ubuntu, or its package lists have no PostGIS.
    """
    if shutil.which("apt-get") is None:
        raise SetupError(
            "PostgreSQL with PostGIS is missing and this is not Debian or Ubuntu: install them, "
            "or set DATABASE_URL to a PostgreSQL that has PostGIS."
        )
    installed = sorted({server.major for server in find_servers()}, reverse=True)
    for is_last_try in (False, True):
        for major in installed:
            if _candidate(f"postgresql-{major}-postgis-3"):
                return [f"postgresql-{major}-postgis-3"]
        default = re.match(r"\d+", _candidate("postgresql"))
        if default and _candidate(f"postgresql-{default.group()}-postgis-3"):
            server = f"postgresql-{default.group()}" if installed else "postgresql"
            return [server, f"postgresql-{default.group()}-postgis-3"]
        if not is_last_try:
            refresh_lists()
    raise SetupError(
        "apt knows no package of PostGIS for PostgreSQL: check its sources, or set DATABASE_URL."
    )


def _candidate(package: str) -> str:
    """Return the version apt would install, or the empty string."""
    found = re.search(r"Candidate: (\S+)", _output(["apt-cache", "policy", package]))
    return found.group(1) if found and found.group(1) != "(none)" else ""


@contextmanager
def no_system_cluster(privilege: Sequence[str]) -> Iterator[None]:
    """Keep Debian from making and starting a cluster of its own while the server is installed."""
    drop_in = CREATECLUSTER / "patchwork.conf"
    text = "# Written while Patchwork installs PostgreSQL; may be deleted.\n"
    _root(privilege, ["mkdir", "-p", str(CREATECLUSTER)])
    _root(privilege, ["tee", str(drop_in)], given=text + "create_main_cluster = false\n")
    try:
        yield
    finally:
        _root(privilege, ["rm", "-f", str(drop_in)])
        _root(privilege, ["rmdir", "--ignore-fail-on-non-empty", str(CREATECLUSTER)])


def _root(privilege: Sequence[str], command: Sequence[str], *, given: str = "") -> None:
    subprocess.run(  # noqa: S603 - fixed commands
        [*privilege, *command], input=given, text=True, stdout=subprocess.DEVNULL, check=True
    )


def _privilege(packages: Sequence[str], *, otherwise: str) -> list[str]:
    """Return what goes before a command that needs root: nothing, or sudo.

    Raises
    ------
    SetupError
        If we are neither root nor may use sudo without a password.
    """
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo:
        asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)  # noqa: S603
        if asked.returncode == 0:
            return [sudo, "-n"]
    raise SetupError(
        f"Missing: {', '.join(packages)}. Ask an administrator to run "
        f"`apt-get install --no-install-recommends {' '.join(packages)}`, {otherwise}."
    )


def refresh_lists() -> None:
    """Fetch apt's package lists if we may; where we may not, the old lists have to do."""
    try:
        privilege = _privilege([], otherwise="")
    except SetupError:
        return
    tell("Package lists: apt-get update")
    _apt(privilege, ["update"])


def install(packages: Sequence[str], *, why: str, privilege: Sequence[str]) -> None:
    """Install Debian packages without their recommendations.

    Raises
    ------
    SetupError
        If apt could not, also with fresh package lists; the end of what it said is in it.
    """
    tell(f"Installing Debian packages ({why}): {' '.join(packages)}")
    arguments = ["install", "-y", "--no-install-recommends", *packages]
    code, said = _apt(privilege, arguments)
    if code != 0:
        refresh_lists()
        code, said = _apt(privilege, arguments)
    if code != 0:
        tail = "\n".join(said.splitlines()[-15:])
        raise SetupError(f"apt-get could not install {' '.join(packages)}:\n{tail}")


def _apt(privilege: Sequence[str], arguments: Sequence[str]) -> tuple[int, str]:
    # sudo drops the environment, so the settings travel as arguments of env.
    settings = ["env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1"]
    command = [*privilege, *settings, "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    # A file, because a service started by a package may keep a pipe open for ever.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        answer = subprocess.run(  # noqa: S603 - apt with our package names
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        )
        log.seek(0)
        return answer.returncode, log.read()


def ensure_chromium() -> Path:
    """Return Chromium for the browser tests, installing Debian's package when missing.

    Raises
    ------
    SetupError
        If it is missing and may not or cannot be installed.
    """
    found = shutil.which("chromium")
    if found is None:
        # Liberation Sans has Arial's widths, so screenshots look the same on every machine.
        packages = ["chromium", "fonts-liberation"]
        privilege = _privilege(packages, otherwise="or do without the browser tests")
        install(packages, why="a browser for the browser tests, about 100 MB", privilege=privilege)
        found = shutil.which("chromium")
    if found is None:
        raise SetupError("The package chromium is installed but brought no program `chromium`.")
    return Path(found)


def ensure_exiftool() -> Path:
    """Return ExifTool, which tests look into photos with; install Debian's package when missing.

    Raises
    ------
    SetupError
        If it is missing and may not or cannot be installed.
    """
    found = shutil.which("exiftool")
    if found is None:
        packages = ["libimage-exiftool-perl"]
        privilege = _privilege(packages, otherwise="or do without the tests of photos")
        install(packages, why="what tests look into photos with, 25 MB", privilege=privilege)
        found = shutil.which("exiftool")
    if found is None:
        raise SetupError(
            "The package libimage-exiftool-perl is installed but brought no program `exiftool`."
        )
    return Path(found)


PDF_LIBRARIES = (
    "libgobject-2.0.so.0", "libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz.so.0",
    "libharfbuzz-subset.so.0", "libfontconfig.so.1",
)  # fmt: skip
FONTS = Path("/usr/share/fonts")


def can_make_pdfs() -> bool:
    """Tell whether the libraries PDF files are made with are here, and any font."""
    try:
        for library in PDF_LIBRARIES:
            ctypes.CDLL(library)
    except OSError:
        return False
    return any(file.suffix in {".ttf", ".otf"} for file in FONTS.rglob("*"))


def ensure_pdf_libraries() -> None:
    """Have Pango and a font, for hand-overs as PDF files; install Debian's when missing.

    Raises
    ------
    SetupError
        If they are missing and may not or cannot be installed.
    """
    if can_make_pdfs():
        return
    if shutil.which("apt-get") is None:
        raise SetupError("Pango is missing and this is not Debian or Ubuntu: install it.")
    packages = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-liberation"]
    privilege = _privilege(packages, otherwise="or print from the browser")
    install(packages, why="PDF files, about 10 MB", privilege=privilege)


def install_venv(minor: int) -> None:
    """Install what Debian leaves out of ``python3 -m venv``, for Python 3.<minor>.

    Raises
    ------
    SetupError
        If it may not or cannot be installed.
    """
    if shutil.which("apt-get") is None:
        raise SetupError("This Python cannot make virtual environments: install its venv module.")
    packages = [f"python3.{minor}-venv"]
    privilege = _privilege(packages, otherwise="or use another Python with `make PYTHON=…`")
    install(packages, why="virtual environments", privilege=privilege)


def _output(command: Sequence[str]) -> str:
    answer = subprocess.run(  # noqa: S603 - fixed questions to the system's own programs
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    return answer.stdout
