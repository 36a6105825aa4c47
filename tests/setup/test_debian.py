"""What set-up installs, and does not, on Debian: with stand-ins that write down their arguments."""

import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.setup import __main__ as set_up
from app.setup import debian
from app.setup.errors import SetupError

Fake = Callable[[str, str], None]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a program on the only PATH there is; each call is a line in ``calls``."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in "env mkdir tee rm rmdir sh cat touch chmod test true".split():
        (programs / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(debian, "SERVERS", tmp_path / "servers")
    monkeypatch.setattr(debian, "SHARES", tmp_path / "shares")
    monkeypatch.setattr(debian, "CREATECLUSTER", tmp_path / "createcluster.d")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    def make(name: str, body: str) -> None:
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n{body}\n')
        program.chmod(0o755)

    return make


def calls(tmp_path: Path) -> list[str]:
    log = tmp_path / "calls"
    return log.read_text().splitlines() if log.exists() else []


def install_server(tmp_path: Path, major: int, *, has_postgis: bool) -> None:
    bin_dir = tmp_path / "servers" / str(major) / "bin"
    bin_dir.mkdir(parents=True, exist_ok=True)
    for program in debian.PROGRAMS:
        (bin_dir / program).touch(mode=0o755)
    if has_postgis:
        extension = tmp_path / "shares" / str(major) / "extension"
        extension.mkdir(parents=True)
        (extension / "postgis.control").touch()


def known(*packages: str) -> str:
    """Return the body of an apt-cache that has a candidate for these packages only."""
    cases = "".join(f'"policy {name}") echo "  Candidate: 15+248";;\n' for name in packages)
    return f'case "$*" in\n{cases}*) echo "  Candidate: (none)";;\nesac'


def after_install(tmp_path: Path, major: int) -> str:
    """Return the body of an apt-get whose install makes the server appear."""
    bin_dir = tmp_path / "servers" / str(major) / "bin"
    extension = tmp_path / "shares" / str(major) / "extension"
    programs = " ".join(str(bin_dir / program) for program in debian.PROGRAMS)
    return (
        f'case "$*" in *install*)\nmkdir -p {bin_dir} {extension}\n'
        f'for program in {programs}; do\nprintf "" > $program\n'
        f"chmod 755 $program\ndone\ntouch {extension}/postgis.control\n"
        f"cat {tmp_path}/createcluster.d/* >> {tmp_path}/calls;;\nesac"
    )


@pytest.mark.usefixtures("fake")
def test_the_newest_server_with_postgis_is_taken(tmp_path: Path) -> None:
    install_server(tmp_path, 9, has_postgis=True)
    install_server(tmp_path, 15, has_postgis=True)
    install_server(tmp_path, 17, has_postgis=False)
    assert debian.ensure_server().major == 15
    assert debian.ensure_server(major=9).major == 9
    with pytest.raises(SetupError, match="made by PostgreSQL 17, but here is 15, 9"):
        debian.ensure_server(major=17)
    assert calls(tmp_path) == []


def test_the_server_named_by_pg_config_is_found(fake: Fake, tmp_path: Path) -> None:
    install_server(tmp_path, 16, has_postgis=True)
    place = (tmp_path / "servers" / "16").rename(tmp_path / "elsewhere")
    fake(
        "pg_config",
        f'echo "{place}/bin"; echo "PostgreSQL 16.2"; echo "{tmp_path}/shares/16"',
    )
    server = debian.ensure_server()
    assert (server.bin_dir, server.major) == (place / "bin", 16)


def test_nothing_there_installs_both_without_a_system_cluster(fake: Fake, tmp_path: Path) -> None:
    fake("apt-cache", known("postgresql", "postgresql-15-postgis-3"))
    fake("apt-get", after_install(tmp_path, 15))
    assert debian.ensure_server().major == 15
    log = [line for line in calls(tmp_path) if not line.startswith("apt-cache")]
    assert log == [
        "apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "
        "postgresql postgresql-15-postgis-3",
        "# Written while Patchwork installs PostgreSQL; may be deleted.",
        "create_main_cluster = false",
    ]
    assert not (tmp_path / "createcluster.d").exists()


def test_a_server_that_is_there_only_gets_postgis(fake: Fake, tmp_path: Path) -> None:
    install_server(tmp_path, 15, has_postgis=False)
    fake("apt-cache", known("postgresql", "postgresql-15-postgis-3"))
    fake("apt-get", "")
    assert debian.postgis_packages() == ["postgresql-15-postgis-3"]


def test_old_package_lists_are_fetched_anew(fake: Fake, tmp_path: Path) -> None:
    fake("apt-cache", f"test -e {tmp_path}/fresh || exit 0\n" + known("postgresql"))
    fake("apt-get", f"touch {tmp_path}/fresh")
    with pytest.raises(SetupError, match="apt knows no package of PostGIS"):
        debian.postgis_packages()
    assert sum("update" in line for line in calls(tmp_path)) == 1


def test_a_failed_install_is_tried_again_with_fresh_lists(fake: Fake, tmp_path: Path) -> None:
    fake("apt-get", 'case "$*" in *install*) echo "E: 404 Not Found"; exit 100;; esac')
    with pytest.raises(SetupError, match="could not install tree:\nE: 404 Not Found"):
        debian.install(["tree"], why="a test", privilege=[])
    assert [line.split()[4] for line in calls(tmp_path)] == ["install", "update", "install"]


def test_without_the_right_to_install_one_sentence_says_what_to_do(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("apt-cache", known("postgresql", "postgresql-15-postgis-3"))
    fake("apt-get", "")
    fake("sudo", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as refused:
        debian.ensure_server()
    assert str(refused.value) == (
        "Missing: postgresql, postgresql-15-postgis-3. Ask an administrator to run `apt-get "
        "install --no-install-recommends postgresql postgresql-15-postgis-3`, or set "
        "DATABASE_URL to a PostgreSQL that has PostGIS."
    )
    assert not any(line.startswith("apt-get") for line in calls(tmp_path))


def test_sudo_without_a_password_is_used(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("apt-cache", known("postgresql", "postgresql-15-postgis-3"))
    fake("apt-get", after_install(tmp_path, 15))
    fake("sudo", 'test "$1" = -n || exit 1\nshift\nexec "$@"')
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert debian.ensure_server().major == 15
    assert any(
        line.startswith("sudo -n env LC_ALL=C DEBIAN_FRONTEND=noninteractive")
        for line in calls(tmp_path)
    )


@pytest.mark.usefixtures("fake")
def test_not_debian_says_what_is_needed() -> None:
    with pytest.raises(SetupError, match="this is not Debian or Ubuntu: install them"):
        debian.ensure_server()


def test_chromium_is_installed_once(fake: Fake, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    fake("apt-get", f"touch {programs}/chromium\nchmod 755 {programs}/chromium")
    assert debian.ensure_chromium() == programs / "chromium"
    assert debian.ensure_chromium() == programs / "chromium"
    assert len(calls(tmp_path)) == 1
    assert calls(tmp_path)[0].endswith("--no-install-recommends chromium fonts-liberation")


def test_exiftool_is_installed_once(fake: Fake, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    fake("apt-get", f"touch {programs}/exiftool\nchmod 755 {programs}/exiftool")
    assert debian.ensure_exiftool() == programs / "exiftool"
    assert debian.ensure_exiftool() == programs / "exiftool"
    assert len(calls(tmp_path)) == 1
    assert calls(tmp_path)[0].endswith("--no-install-recommends libimage-exiftool-perl")


@pytest.mark.parametrize(("step", "said"), [("exiftool", "Photos"), ("chromium", "Browser")])
def test_without_what_tests_need_only_ci_stops(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], step: str, said: str,
) -> None:  # fmt: skip
    fake("apt-get", "exit 100")
    monkeypatch.setattr(set_up, "CHECKOUT", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    assert set_up.main([step]) == 0
    assert said in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert set_up.main([step]) == 1


def test_what_pdf_files_need_is_installed_once(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, fonts = tmp_path / "libpango-test.so.0", tmp_path / "fonts"
    real = ctypes.util.find_library("c") or "libc.so.6"
    monkeypatch.setattr(debian, "PDF_LIBRARIES", (real, str(library)))
    monkeypatch.setattr(debian, "FONTS", fonts)
    fake("apt-get", "")
    debian.ensure_pdf_libraries()
    assert calls(tmp_path)[0].endswith(
        "--no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        " fonts-liberation"
    )
    # The libraries without any font would print boxes.
    monkeypatch.setattr(debian, "PDF_LIBRARIES", (real,))
    assert not debian.can_make_pdfs()
    (fonts / "truetype").mkdir(parents=True)
    (fonts / "truetype" / "Sans.ttf").touch()
    debian.ensure_pdf_libraries()
    assert len(calls(tmp_path)) == 1


def test_without_pdf_libraries_set_up_goes_on(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("apt-get", "")
    fake("sudo", "exit 1")
    monkeypatch.setattr(debian, "PDF_LIBRARIES", ("libno-such-thing.so.0",))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(set_up, "CHECKOUT", tmp_path)
    assert set_up.main(["pdf"]) == 0
    said = "".join(capsys.readouterr())
    assert "Hand-overs cannot be PDF files here: Missing: libpango-1.0-0" in said
    assert "or print from the browser." in said


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="not Debian or Ubuntu")
def test_debian_knows_the_packages_by_these_names() -> None:
    policy = ["apt-cache", "policy", "postgresql"]
    if "Candidate: 1" not in subprocess.check_output(policy, text=True):
        pytest.skip("no package lists here: run apt-get update")
    packages = [*debian.postgis_packages(), "chromium", "fonts-liberation", "python3-venv"]
    packages += ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]
    packages += ["libimage-exiftool-perl"]
    command = ["apt-get", "-s", "install", "-y", "--no-install-recommends", *packages]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
