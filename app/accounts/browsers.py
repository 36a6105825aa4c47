"""Who is at the other end: the address tries are counted under, and the device in plain words."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from fastapi import Request

from app.errors import BadSetting

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# A household or an office has one of these: single IPv6 addresses are free to change.
IPV6_PREFIX = 64

# The first that is found counts: browsers name others they want to be taken for.
BROWSERS = (
    ("Edg", "Edge"), ("SamsungBrowser", "Samsung Internet"), ("OPR/", "Opera"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
DEVICES = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("CrOS", "a Chromebook"),
    ("Windows", "Windows"), ("Macintosh", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """Return what somebody would call their device: "Firefox on Android"."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), None)
    device = next((name for sign, name in DEVICES if sign in user_agent), None)
    if browser and device:
        return f"{browser} on {device}"
    return browser or device or "A browser we do not know"


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of PATCHWORK_TRUSTED_PROXIES; raises BadSetting."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts)
    except ValueError:
        raise BadSetting(
            "PATCHWORK_TRUSTED_PROXIES must be addresses or networks with commas between, like"
            " 127.0.0.1,10.0.0.0/8."
        ) from None


def client_of(request: Request, *, trusted: Sequence[Network]) -> str:
    """Return the address a request comes from, as tries are counted under it.

    That of the connection. Only a proxy of ours (`trusted`) is believed when it names another,
    and then the last one named that is no proxy of ours: whatever stands before it in
    X-Forwarded-For was written by the asker.
    """
    peer = request.client.host if request.client else ""
    named = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    while named and _is_trusted(peer, trusted):
        nearer = named.pop()
        if _read(nearer) is None:
            break
        peer = nearer
    address = _read(peer)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address or peer)


def is_at_this_machine(request: Request) -> bool:
    """Return whether the page was asked for at an address of this very machine.

    Not so behind a proxy, wherever that runs.
    """
    if any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via")):
        return False
    return request.url.hostname in {"127.0.0.1", "localhost", "::1"}


def _is_trusted(host: str, trusted: Sequence[Network]) -> bool:
    address = _read(host)
    return address is not None and any(address in network for network in trusted)


def _read(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
