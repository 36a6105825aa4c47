"""Which addresses of the internet we may connect to on somebody's word, and which we never do.

Whoever types in the address of a feed could name a machine only our server reaches. So a name is
resolved once, every address it has is judged here, and the connection goes to one of those.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from app.errors import NotFetched

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What Python's `is_global` lets through, and what stands for an IPv4 address in other clothes.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "224.0.0.0/4", "240.0.0.0/4",
        # Tunnels to some IPv4 address: nobody publishes there.
        "2001::/23", "2002::/16",
        "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
# All that is given out of IPv6: whatever is outside is local, reserved or a translation.
_GIVEN_OUT = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public internet, looking inside IPv6's wrappings."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GIVEN_OUT:
            return False
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address an IPv6 address leads to, if it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def resolve(host: str, port: int, *, allowed: Sequence[Network] = ()) -> list[str]:
    """Return the addresses of a host as text, in the order to try; asks the resolver once.

    `allowed`: networks that are ours to reach although they are not public (a setting).

    Raises
    ------
    NotFetched
        If there is no such host, or if any of its addresses is not to be connected to: a name that
        means two things is somebody's trick.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFetched(f"There is no host called {host}: check the address.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        is_allowed = any(address in net for net in allowed if net.version == address.version)
        if not (is_allowed or is_public(address)):
            raise NotFetched(
                f"{host} is not on the public internet, so it is not read. An administrator can"
                " allow a network of your own with PATCHWORK_FETCH_ALLOWED."
            )
    if not addresses:
        raise NotFetched(f"There is no host called {host}: check the address.")
    return addresses
