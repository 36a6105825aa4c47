"""Separate hosts on one machine: network namespaces on a wire of their own, with no way out.

The first has the bridge that the others are plugged into. Needs root and iproute2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

NETWORK = "10.77.0"


@dataclass(frozen=True)
class Host:
    """A network namespace and its address."""

    name: str
    address: str

    @property
    def prefix(self) -> Sequence[str]:
        """What starts a program on it."""
        return ("ip", "netns", "exec", self.name)

    def unplug(self) -> None:
        """Pull its cable."""
        _ip("-n", self.name, "link", "set", "eth", "down")


def why_not() -> str | None:
    """Return why there can be no hosts here; None if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "network namespaces need iproute2"
    name = f"patchwork-{os.getpid()}-try"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if tried.returncode != 0:
        return f"no network namespaces here: {tried.stderr.decode().strip()}"
    _ip("netns", "del", name)
    return None


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Yield hosts that reach each other, and nothing else; they are removed afterwards."""
    made = [
        Host(f"patchwork-{os.getpid()}-{number}", f"{NETWORK}.{number}")
        for number in range(1, count + 1)
    ]
    first = made[0]
    try:
        for host in made:
            _ip("netns", "add", host.name)
            _ip("-n", host.name, "link", "set", "lo", "up")
        _ip("-n", first.name, "link", "add", "eth", "type", "bridge")
        for number, host in enumerate(made[1:], start=2):
            socket = f"port{number}"
            _ip("-n", first.name, "link", "add", socket, "type", "veth",
                "peer", "name", "eth", "netns", host.name)  # fmt: skip
            _ip("-n", first.name, "link", "set", socket, "master", "eth", "up")
        for host in made:
            _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", "eth")
            _ip("-n", host.name, "link", "set", "eth", "up")
        yield made
    finally:
        for host in made:
            subprocess.run(["ip", "netns", "del", host.name], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
