"""Make ``.venv`` from the hashed lock (quick when nothing has changed), and the lock itself."""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.setup import debian
from app.setup.errors import SetupError
from app.setup.messages import tell


def make_environment(checkout: Path) -> bool:
    """Bring ``.venv`` to what ``requirements.lock`` and ``pyproject.toml`` say.

    pip is used as this machine has it configured (``PIP_*`` variables, ``pip.conf``).

    Parameters
    ----------
    checkout : Path
        Root of the repository.

    Returns
    -------
    bool
        False if there was nothing to do.

    Raises
    ------
    SetupError
        If the environment cannot be made or a package cannot be installed.
    """
    folder = checkout / ".venv"
    python = folder / "bin" / "python"
    libraries, ours = folder / "patchwork-libraries", folder / "patchwork-package"
    wanted_libraries = _fingerprint(checkout / "requirements.lock")
    wanted_ours = _fingerprint(checkout / "pyproject.toml") + str(checkout)
    if _says(libraries, wanted_libraries) and _says(ours, wanted_ours) and python.exists():
        return False
    if not _works(python):
        _create(folder)
        tell(f"Python environment: .venv with Python {sys.version.split()[0]}")
    if not _says(libraries, wanted_libraries):
        tell("Python environment: installing the libraries in requirements.lock")
        lock = str(checkout / "requirements.lock")
        # The lock is complete, so pip need not work out dependencies again.
        _pip(python, ["install", "--require-hashes", "--no-deps", "-r", lock])
        libraries.write_text(wanted_libraries, encoding="utf-8")
    _pip(python, ["install", "--no-build-isolation", "--no-deps", "-q", "-e", str(checkout)])
    ours.write_text(wanted_ours, encoding="utf-8")
    return True


def write_lock(checkout: Path) -> None:
    """Write ``requirements.lock`` anew: every dependency, for every platform, with hashes.

    uv works the versions out. It is not needed otherwise, so it lives in an environment that is
    thrown away. Versions already in the lock are kept where they still fit; to take newer ones,
    delete the lock first.

    Raises
    ------
    SetupError
        If uv cannot be installed or finds no set of versions that fits.
    """
    with tempfile.TemporaryDirectory(prefix="patchwork-uv-") as folder:
        _create(Path(folder))
        _pip(Path(folder) / "bin" / "python", ["install", "uv"])
        uv = str(Path(folder) / "bin" / "uv")
        # The lock names no registry, so it works with whichever one a machine uses.
        # Without the extra [semantic]: a sentence model is a choice, and a large one. With
        # [distributed], so that what it does is tested.
        extras = ["--extra", "dev", "--extra", "distributed"]
        arguments = ["pyproject.toml", *extras, "-p", "3.11", "--universal", "--no-header"]
        arguments += ["--generate-hashes", "--no-emit-index-url", "-o", "requirements.lock"]
        answer = subprocess.run(  # noqa: S603 - uv with fixed arguments
            [uv, "pip", "compile", "-q", *arguments], cwd=checkout, check=False
        )
    if answer.returncode != 0:
        raise SetupError("uv could not write requirements.lock; what it said is above.")


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() + f" {sys.version_info[:2]}"


def _says(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def _works(python: Path) -> bool:
    """Tell whether an environment is there, of this Python's version, and has pip."""
    question = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        answer = subprocess.run(  # noqa: S603 - the environment's own Python
            [python, "-c", question], capture_output=True, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0


def _create(folder: Path) -> None:
    # Debian ships venv without ensurepip: making the environment would fail half-way.
    check = [sys.executable, "-c", "import venv, ensurepip"]
    if subprocess.run(check, capture_output=True, check=False).returncode != 0:  # noqa: S603
        debian.install_venv(sys.version_info.minor)
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if answer.returncode != 0:
        raise SetupError(f".venv could not be made:\n{answer.stdout}{answer.stderr}")


def _pip(python: Path, arguments: Sequence[str]) -> None:
    # Quiet mode takes away pip's progress bars too, which a person waiting wants to see.
    quiet = [] if sys.stdout.isatty() else ["-qq"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # As root in .venv pip's warning about the system's packages is beside the point.
    environment["PIP_ROOT_USER_ACTION"] = "ignore"
    command = [str(python), "-m", "pip", *arguments, *quiet]
    answer = subprocess.run(command, env=environment, check=False)  # noqa: S603 - pip
    if answer.returncode != 0:
        raise SetupError("pip could not install the libraries; what it said is above.")
