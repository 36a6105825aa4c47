"""Dask's own programs as processes of their own: `dask scheduler` and `dask worker`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DASK = [sys.executable, "-m", "dask"]
START_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Processes:
    """A scheduler and its workers; `host` is where it listens, `prefix` what starts a program."""

    folder: Path
    host: str = "127.0.0.1"
    prefix: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    protocol: str = "tcp"
    address: str = ""
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_scheduler(self, *, env: Mapping[str, str] | None = None) -> None:
        """Start a scheduler at a free port, and wait until it listens."""
        where = self.folder / "scheduler.json"
        arguments = [
            "scheduler", "--host", self.host, "--port", "0", "--protocol", self.protocol,
            "--scheduler-file", str(where), *NO_PAGES,
        ]  # fmt: skip
        self.start(arguments, env=env)
        deadline = time.monotonic() + START_S
        while not where.exists() or not where.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        self.address = json.loads(where.read_text(encoding="utf-8"))["address"]

    def start_worker(
        self, *options: str, host: str = "", prefix: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """Start a worker with one thread."""
        arguments = [
            "worker", self.address, "--host", host or self.host, "--nthreads", "1",
            "--local-directory", str(self.folder), *NO_PAGES, *(options or ("--no-nanny",)),
        ]  # fmt: skip
        return self.start(arguments, prefix=prefix, env=env)

    def start(
        self, arguments: Sequence[str], *, prefix: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """Start one of Dask's programs; it leads a group of its own."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*(self.prefix if prefix is None else prefix), *DASK, *arguments],
                # As on another machine: no database, and Patchwork only where it is installed.
                env={**here(), **self.env, **(env or {})}, cwd=self.folder,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    def said(self) -> str:
        """Return what all of them have logged."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def stop(self) -> None:
        """End them all, and what they started."""
        for process in self.started:
            end(process)


# Nothing for a browser: bound to this machine all the same, whatever Dask's default is.
NO_PAGES = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


def here() -> dict[str, str]:
    """Return this process's environment, without the database and with these programs."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return kept | {"PYTHONPATH": str(ROOT)}


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all of its group, as a machine that loses power does."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)


def freeze(process: subprocess.Popen[bytes]) -> None:
    """Let a process do nothing more: what it has been given it keeps."""
    os.killpg(process.pid, signal.SIGSTOP)


def thaw(process: subprocess.Popen[bytes]) -> None:
    """Let a process go on."""
    os.killpg(process.pid, signal.SIGCONT)
