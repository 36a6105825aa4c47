"""The addresses of a feed, from the one somebody typed in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_LISTS = ("services", "organizations", "service_at_locations")
FILE_SUFFIXES = (".json", ".ndjson", ".jsonl")


def is_address(text: str) -> bool:
    """Return whether what somebody gave is an address of the web, not a file."""
    return text.strip().casefold().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Where a feed's services are asked for; `query` goes with every question (a key, say)."""

    base: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, url: str) -> FeedAddress:
        """Return it for a base address, or for that of its list of services."""
        parts = urlsplit(url.strip())
        path = parts.path.rstrip("/")
        for name in _LISTS:
            path = path.removesuffix(f"/{name}")
        kept = tuple(
            (name, value)
            for name, value in parse_qsl(parts.query)
            if name not in {"page", "per_page", "full", "modified_after", "format"}
        )
        return cls(urlunsplit((parts.scheme, parts.netloc, path, "", "")), kept)

    def services(self, **asked: object) -> str:
        """Return the address of a page of the list."""
        values = [*self.query, *((name, str(value)) for name, value in asked.items())]
        return f"{self.base}/services" + (f"?{urlencode(values)}" if values else "")

    def service(self, service_id: str) -> str:
        """Return the address of one service with everything that belongs to it."""
        asked = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.base}/services/{quote(service_id, safe='')}{asked}"


def is_whole_file(url: str) -> bool:
    """Return whether an address is that of one file with everything in it."""
    return urlsplit(url.strip()).path.casefold().endswith(FILE_SUFFIXES)
