"""The Makefile, the import contracts and the set-up's own promises."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def test_help_explains_every_target() -> None:
    answer = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    explained = set(re.findall(r"^  make ([a-z-]+) +\S", answer.stdout, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert explained == targets == set(phony.group(1).replace("\\\n", " ").split())


def test_set_up_needs_nothing_but_the_standard_library() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import app.setup.__main__"
    # -S leaves out site-packages, -I the environment.
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_a_python_that_is_too_old_gets_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    answer = subprocess.run(
        ["make", "--no-print-directory", f"PYTHON={old}", "environment"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode != 0
    assert answer.stderr.startswith("Patchwork needs Python 3.11 or newer, and ")


def test_every_feature_is_under_the_import_contracts() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = configuration["tool"]["importlinter"]["contracts"]
    layers = " ".join(
        layer for contract in contracts if contract["type"] == "layers"
        for layer in contract["layers"] if contract["containers"] == ["app"]
    )  # fmt: skip
    containers = {
        container for contract in contracts for container in contract.get("containers", [])
    }
    features = {
        file.parent.name
        for name in ("router.py", "actions.py", "queries.py")
        for file in (ROOT / "app").glob(f"*/*{name}")
    }
    assert features, "no features found: has the layout changed?"
    assert features == {name.removeprefix("app.") for name in containers - {"app"}}
    assert features <= set(re.findall(r"\((\w+)\)", layers))
