"""Bring the third-party front-end files into ``app/static/vendor``, each checked by its hash.

The files come from npm packages installed from the exact lock into a throw-away folder, so Node is
needed once, at set-up, and never while Patchwork runs.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.setup.errors import SetupError
from app.setup.messages import tell

LIST = Path(__file__).with_name("vendor.toml")
OLDEST_NPM = (9,)
"""The first npm that installs from a lock without registry addresses as we write it."""

_REMOTE = re.compile(r"^\s*['\"]?\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}", re.IGNORECASE)
_URL = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class VendoredFile:
    """One published file of one package, and where its checked copy goes."""

    package: str
    version: str
    licence: str
    source: str
    destination: Path
    sha256: str
    is_css: bool


def read_list(
    checkout: Path, *, include_tests: bool, list_file: Path = LIST
) -> tuple[VendoredFile, ...]:
    """Read ``vendor.toml``.

    Parameters
    ----------
    checkout : Path
        Root of the repository; destinations are below it.
    include_tests : bool
        Also the packages only the tests use; they go to ``.local`` and are never served.
    list_file : Path, optional
        The list to read.

    Returns
    -------
    tuple of VendoredFile
    """
    packages = tomllib.loads(list_file.read_text(encoding="utf-8"))["package"]
    files: list[VendoredFile] = []
    for package in packages:
        tests_only = package.get("tests_only", False)
        if tests_only and not include_tests:
            continue
        folder = checkout / (".local" if tests_only else "app/static/vendor") / package["folder"]
        files.extend(
            VendoredFile(
                package=package["name"],
                version=package["version"],
                licence=package["licence"],
                source=entry["file"],
                destination=folder / entry["to"],
                sha256=entry["sha256"],
                is_css=entry.get("css", False),
            )
            for entry in package["files"]
        )
    return tuple(files)


def without_remote_parts(css: str) -> str:
    """Return the style sheet with nothing in it that leaves this host.

    Font faces with a remote address go, and with them their family names, so the next family
    (Arial) is used. Root-relative images become relative to the sheet: ``/assets`` is a page here.

    Raises
    ------
    SetupError
        If a remote address is left that this function does not know how to take out.
    """
    families = set()
    for face in _FONT_FACE.findall(css):
        if any(_REMOTE.match(address) for address in _URL.findall(face)):
            css = css.replace(face, "")
            name = re.search(r"font-family\s*:\s*['\"]?([^;'\"}]+)", face)
            if name:
                families.add(name.group(1).strip())
    for family in families:
        css = re.sub(rf"['\"]?{re.escape(family)}['\"]?\s*,\s*", "", css)
    css = css.replace("url(/assets/images/", "url(images/")
    imported = re.findall(r"@import\s+['\"]([^'\"]+)", css)
    remote = [address for address in [*_URL.findall(css), *imported] if _REMOTE.match(address)]
    if remote:
        raise SetupError(f"A style sheet still loads {remote[0]} from another host.")
    return css


def copy_checked(modules: Path, files: Iterable[VendoredFile]) -> None:
    """Copy each file from ``node_modules`` to its destination, if it is exactly the listed one.

    All are checked before the first is copied.

    Parameters
    ----------
    modules : Path
        The ``node_modules`` folder npm filled.
    files : iterable of VendoredFile
        What to copy.

    Raises
    ------
    SetupError
        If a package has another version or licence, or a file is missing or has another hash.
    """
    contents = [(file, _checked(modules, file)) for file in files]
    for file, content in contents:
        file.destination.parent.mkdir(parents=True, exist_ok=True)
        served = without_remote_parts(content.decode()).encode() if file.is_css else content
        # A server may be reading the old copy: it sees the old or the new one, never half of it.
        part = file.destination.with_name(file.destination.name + ".part")
        part.write_bytes(served)
        part.replace(file.destination)


def _checked(modules: Path, file: VendoredFile) -> bytes:
    folder = modules / file.package
    try:
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        content = (folder / file.source).read_bytes()
    except OSError as error:
        raise SetupError(f"npm did not bring {file.package}/{file.source}: {error}.") from error
    found = (package.get("version"), package.get("license"))
    if found != (file.version, file.licence):
        raise SetupError(
            f"{file.package} is {found[0]} ({found[1]}), but app/setup/vendor.toml lists "
            f"{file.version} ({file.licence})."
        )
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise SetupError(
            f"{file.package}/{file.source} is not the file app/setup/vendor.toml lists: its "
            f"sha256 is {digest}; nothing was copied."
        )
    return content


def npm_candidates(path: str | None = None) -> list[str]:
    """Return the npm programs to try: the machine's if new enough, then the one in ``.venv``."""
    found = []
    system = shutil.which("npm", path=path)
    if system and _npm_version(system) >= OLDEST_NPM:
        found.append(system)
    bundled = Path(sys.executable).with_name("npm")
    if bundled.exists() and str(bundled) not in found:
        found.append(str(bundled))
    return found


def _npm_version(npm: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run(  # noqa: S603 - a program this machine offers as npm
            [npm, "--version"], capture_output=True, text=True, timeout=60, check=True
        )
        return tuple(int(part) for part in answer.stdout.strip().split("-")[0].split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


def install_packages(
    checkout: Path, folder: Path, *, include_tests: bool, lock: Path | None = None
) -> Path:
    """Install the locked npm packages into a folder and return its ``node_modules``.

    `lock`: where package.json and its lock are; the checkout itself unless given.

    Raises
    ------
    SetupError
        If there is no npm, or none of them can install the lock.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy((lock or checkout) / name, folder / name)
    shutil.copy(checkout / ".npmrc", folder / ".npmrc")
    candidates = npm_candidates()
    if not candidates:
        raise SetupError(
            "There is no npm for the front-end files: delete .venv and run make again."
        )
    answers = []
    for npm in candidates:
        # The program's own folder goes first: the npm in .venv must find its own node.
        path = f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        command = [npm, "ci", "--ignore-scripts", "--loglevel=error"]
        answer = subprocess.run(  # noqa: S603 - npm with fixed arguments
            command + ([] if include_tests else ["--omit=dev"]),
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0:
            return folder / "node_modules"
        answers.append(f"{npm}: {answer.stderr.strip() or answer.stdout.strip()}")
    raise SetupError("npm could not install the front-end files.\n" + "\n".join(answers))


def install_audit(checkout: Path) -> bool:
    """Bring the program ``make audit`` runs to ``.local/audit``; return False if it is there."""
    lock = checkout / "tests" / "audit"
    folder = checkout / ".local" / "audit"
    stamp = folder / "stamp"
    wanted = hashlib.sha256((lock / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    tell("Audit: installing Lighthouse, about 180 MB")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    install_packages(checkout, folder, include_tests=True, lock=lock)
    stamp.write_text(wanted, encoding="utf-8")
    return True


def vendor(checkout: Path, *, include_tests: bool) -> bool:
    """Make ``app/static/vendor`` hold exactly the listed files; return False if it did already.

    Parameters
    ----------
    checkout : Path
        Root of the repository.
    include_tests : bool
        Also bring what only the tests use, to ``.local``.
    """
    stamp = checkout / ".local" / "vendor-stamp"
    wanted = _fingerprint(checkout)
    files = read_list(checkout, include_tests=include_tests)
    is_current = stamp.exists() and stamp.read_text(encoding="utf-8") == wanted
    if is_current and all(file.destination.exists() for file in files):
        return False
    tell("Front-end files: installing the npm packages and checking them")
    # What the list no longer names must go, so that nothing unlisted is ever served.
    listed = {file.destination for file in files}
    served = checkout / "app" / "static" / "vendor"
    with tempfile.TemporaryDirectory(prefix="patchwork-npm-") as folder:
        modules = install_packages(checkout, Path(folder), include_tests=include_tests)
        copy_checked(modules, files)
    for path in served.rglob("*"):
        if path.is_file() and path not in listed:
            path.unlink()
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _fingerprint(checkout: Path) -> str:
    digest = hashlib.sha256()
    for path in (
        LIST,
        Path(__file__),
        checkout / "package.json",
        checkout / "package-lock.json",
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()
