"""`geo` is pure: it imports without database or web, and reaches for no network or environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GEO = ROOT / "geo"
MODULES = sorted(f"geo.{path.stem}" for path in GEO.glob("*.py") if path.stem != "__init__")

# What a machine that only wants maps in a notebook need not have. Folium itself brings jinja2 and
# requests, so those two are held by the reading of the sources below.
FORBIDDEN = (
    "alembic",
    "app",
    "asyncpg",
    "fastapi",
    "geoalchemy2",
    "httpx",
    "procrastinate",
    "psycopg",
    "psycopg2",
    "psycopg_binary",
    "pydantic_settings",
    "sqlalchemy",
    "starlette",
    "structlog",
    "typer",
    "uvicorn",
)

BLOCKED_IMPORT = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

FORBIDDEN = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Absent())
for name in sys.argv[2].split(","):
    importlib.import_module(name)
print(*sorted(FORBIDDEN & {name.partition(".")[0] for name in sys.modules}))
"""

NETWORK = {
    "aiohttp",
    "asyncio",
    "ftplib",
    "http.client",
    "http.server",
    "httpx",
    "multiprocessing",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "webbrowser",
}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def _import_without(
    forbidden: tuple[str, ...], modules: list[str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED_IMPORT, ",".join(forbidden), ",".join(modules)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _reaches_outside(source: str) -> Iterator[str]:
    """Yield what of the environment, the network or other programs a source text reaches for."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        for name in names:
            parts = name.split(".")
            prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
            is_environment = parts[0] == "os" and bool(set(parts[1:]) & ENVIRONMENT)
            if is_environment or prefixes & NETWORK:
                yield name


def test_every_module_imports_where_no_database_and_no_web_is_installed() -> None:
    assert len(MODULES) >= 15
    done = _import_without(FORBIDDEN, MODULES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_the_block_blocks() -> None:
    for name in ("sqlalchemy", "psycopg", "app.settings"):
        done = _import_without(FORBIDDEN, ["geo.crs", name])
        assert done.returncode != 0
        assert "No module named" in done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_no_module_reads_the_environment_or_opens_the_network(module: str) -> None:
    source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    assert list(_reaches_outside(source)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import os\nhome = os.environ['HOME']",
        "import os\nos.getenv('HOME')",
        "from os import environ",
        "from os import getenv as g",
        "import socket",
        "import urllib.request",
        "from urllib import request",
        "import urllib\nurllib.request.urlopen('http://example.org')",
        "from requests import get",
        "import http.client as c",
        "def f():\n    import subprocess",
    ],
)
def test_the_reading_of_sources_finds_what_is_planted(planted: str) -> None:
    assert list(_reaches_outside(planted))


@pytest.mark.parametrize("harmless", ["import os\nos.path.commonprefix([])", "import urllib.parse"])
def test_the_reading_of_sources_lets_harmless_things_be(harmless: str) -> None:
    assert list(_reaches_outside(harmless)) == []
