"""When ``.venv`` is made anew, brought up to date, or left alone."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.setup import environment
from app.setup.environment import make_environment


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have a checkout in ``tmp_path``, with a pip that only writes down what it should install."""
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("")
    asked: list[str] = []

    def create(folder: Path) -> None:
        asked.append("create")
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        python = folder / "bin" / "python"
        python.unlink(missing_ok=True)
        # Not a link: Python would look for its libraries, and pip, beside it.
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)

    def pip(_python: Path, arguments: Sequence[str]) -> None:
        asked.append("libraries" if "--require-hashes" in arguments else "package")

    monkeypatch.setattr(environment, "_create", create)
    monkeypatch.setattr(environment, "_pip", pip)
    return asked


def test_a_second_time_there_is_nothing_to_do(tmp_path: Path, installed: list[str]) -> None:
    assert make_environment(tmp_path) is True
    assert installed == ["create", "libraries", "package"]
    assert make_environment(tmp_path) is False
    assert len(installed) == 3


def test_only_a_changed_lock_installs_the_libraries_again(
    tmp_path: Path, installed: list[str]
) -> None:
    make_environment(tmp_path)
    (tmp_path / "pyproject.toml").write_text("# changed")
    make_environment(tmp_path)
    (tmp_path / "requirements.lock").write_text("# changed")
    make_environment(tmp_path)
    assert installed == ["create", "libraries", "package", "package", "libraries", "package"]


def test_an_install_cut_short_goes_on_next_time(
    tmp_path: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_python: Path, _arguments: Sequence[str]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment, "_pip", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make_environment(tmp_path)
    assert make_environment(tmp_path) is True
    assert installed == ["create", "libraries", "package"]


def test_an_environment_whose_python_has_gone_is_made_again(
    tmp_path: Path, installed: list[str]
) -> None:
    make_environment(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "uninstalled")
    assert make_environment(tmp_path) is True
    assert installed.count("create") == 2
