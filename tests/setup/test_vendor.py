"""The third-party front-end files: only exactly what the list says is ever copied."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from app.setup import vendor as vendor_module
from app.setup.errors import SetupError
from app.setup.vendor import VendoredFile, copy_checked, read_list, vendor, without_remote_parts

ROOT = Path(__file__).resolve().parents[2]
REMOTE_FONT = "@font-face{font-family:Costly W01;src:url(https://fonts.example/a.woff2)}"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "node_modules" / "tiny"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "1.2.3", "license": "MIT"}')
    (folder / "tiny.js").write_text("tiny()")
    (folder / "tiny.css").write_text(REMOTE_FONT + "p{font-family:Costly W01,Arial}")
    return folder.parent


def listed(tmp_path: Path, content: bytes = b"tiny()", source: str = "tiny.js") -> VendoredFile:
    return VendoredFile(
        package="tiny",
        version="1.2.3",
        licence="MIT",
        source=source,
        destination=tmp_path / "served" / source,
        sha256=hashlib.sha256(content).hexdigest(),
        is_css=source.endswith(".css"),
    )


def test_a_listed_file_is_copied(tmp_path: Path, modules: Path) -> None:
    copy_checked(modules, [listed(tmp_path)])
    assert [path.name for path in (tmp_path / "served").iterdir()] == ["tiny.js"]
    assert (tmp_path / "served" / "tiny.js").read_text() == "tiny()"


def test_a_file_with_another_hash_stops_everything(tmp_path: Path, modules: Path) -> None:
    good, changed = listed(tmp_path), listed(tmp_path, source="tiny.css")
    with pytest.raises(SetupError, match=r"tiny/tiny\.css is not the file .* nothing was copied"):
        copy_checked(modules, [good, changed])
    assert not (tmp_path / "served").exists()


@pytest.mark.parametrize("change", [{"version": "1.2.4"}, {"licence": "GPL-3.0"}])
def test_another_version_or_licence_is_refused(
    tmp_path: Path, modules: Path, change: dict[str, str]
) -> None:
    with pytest.raises(SetupError, match=r"tiny is 1\.2\.3 \(MIT\)"):
        copy_checked(modules, [replace(listed(tmp_path), **change)])  # type: ignore[arg-type]


def test_a_missing_file_is_named(tmp_path: Path, modules: Path) -> None:
    with pytest.raises(SetupError, match=r"npm did not bring tiny/gone\.js"):
        copy_checked(modules, [replace(listed(tmp_path), source="gone.js")])


def test_style_sheets_lose_remote_fonts_and_their_names(tmp_path: Path, modules: Path) -> None:
    content = (modules / "tiny" / "tiny.css").read_bytes()
    copy_checked(modules, [listed(tmp_path, content, "tiny.css")])
    assert (tmp_path / "served" / "tiny.css").read_text() == "p{font-family:Arial}"


def test_style_sheets_keep_what_is_local() -> None:
    local = "@font-face{font-family:Own;src:url(fonts/own.woff2)}p{background:url(#a)}"
    assert without_remote_parts(local) == local
    assert without_remote_parts("a{b:url(/assets/images/x.svg)}") == "a{b:url(images/x.svg)}"


@pytest.mark.parametrize(
    "css",
    [
        "p{background:url(https://example.org/a.png)}",
        "p{background:url( '//example.org/a.png' )}",
        "@import 'https://example.org/a.css';",
        '@import url("HTTP://example.org/a.css");',
    ],
)
def test_any_other_remote_address_is_refused(css: str) -> None:
    with pytest.raises(SetupError, match="from another host"):
        without_remote_parts(css)


def test_the_list_and_the_lock_name_the_same_packages() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = {name.removeprefix("node_modules/"): entry for name, entry in lock.items() if name}
    files = read_list(ROOT, include_tests=True)
    # What a published file was bundled from comes into the lock too, and is copied nowhere.
    asked = lock[""]["dependencies"] | lock[""]["devDependencies"]
    assert {file.package for file in files} == set(asked)
    assert all(entry["integrity"].startswith("sha512-") for entry in locked.values())
    for file in files:
        assert file.version == locked[file.package]["version"]
        assert file.licence == locked[file.package]["license"]
        assert locked[file.package]["integrity"].startswith("sha512-")


def test_what_only_tests_use_is_never_served() -> None:
    run, test = (read_list(ROOT, include_tests=include_tests) for include_tests in (False, True))
    assert {file.package for file in test} - {file.package for file in run} == {
        "@camptocamp/ogc-client",
        "axe-core",
        "ical.js",
    }
    served = ROOT / "app" / "static" / "vendor"
    assert all(file.destination.is_relative_to(served) for file in run)
    assert all(not file.destination.is_relative_to(served) for file in test if file not in run)


def test_the_locks_name_no_registry_and_carry_hashes() -> None:
    for name in ("package-lock.json", "requirements.lock"):
        assert not re.search(r"https?://", (ROOT / name).read_text()), name
    lock = (ROOT / "requirements.lock").read_text()
    stanzas = re.split(r"^(?=\S+==)", lock, flags=re.MULTILINE)[1:]
    assert len(stanzas) > 50
    assert all("--hash=sha256:" in stanza for stanza in stanzas)


def test_served_files_call_no_other_host() -> None:
    served = ROOT / "app" / "static" / "vendor"
    sheets = list(served.rglob("*.css"))
    assert len(sheets) == 4, "run `make front-end` first"
    for sheet in sheets:
        assert without_remote_parts(sheet.read_text()) == sheet.read_text(), sheet


def test_a_second_time_is_instant_and_unlisted_files_go(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs = []

    def install(checkout: Path, folder: Path, *, include_tests: bool) -> Path:
        assert checkout == tmp_path
        assert folder.is_dir()
        installs.append(include_tests)
        return modules

    def one_file(_checkout: Path, *, include_tests: bool) -> Iterable[VendoredFile]:
        assert include_tests is False
        return (replace(listed(tmp_path), destination=served / "tiny" / "tiny.js"),)

    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    served = tmp_path / "app" / "static" / "vendor"
    (served / "old").mkdir(parents=True)
    (served / "old" / "old.js").write_text("old()")
    monkeypatch.setattr(vendor_module, "install_packages", install)
    monkeypatch.setattr(vendor_module, "read_list", one_file)
    assert vendor(tmp_path, include_tests=False) is True
    assert [path.name for path in served.rglob("*.js")] == ["tiny.js"]
    assert vendor(tmp_path, include_tests=False) is False
    (served / "tiny" / "tiny.js").unlink()
    assert vendor(tmp_path, include_tests=False) is True
    (tmp_path / "package-lock.json").write_text("{ }")
    assert vendor(tmp_path, include_tests=False) is True
    assert len(installs) == 3
