"""Ask for every address as somebody, follow every link, and look into all that comes back."""

from __future__ import annotations

import base64
import gzip
import html
import io
import re
import sqlite3
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pypdf
from httpx import Response
from PIL import Image
from pyarrow import parquet

from tests.authorisation.table import Row

LINK = re.compile(r"""(?:href|src|action|"url"|"next")\s*[=:]\s*["'](/[^"'\s]*)["']""")
EMBEDDED = re.compile(r"base64,([A-Za-z0-9+/=]{40,})")
# Links that end a session, and files that are the same for everybody.
NOT_FOLLOWED = ("/static/", "/sign-out", "/sign-in/oidc")
# Of addresses that differ in their questions' values alone, so many are asked; of what takes long
# to draw, one, and for somebody signed in one of its sort.
MOST_ALIKE, MOST_SLOW = 2, 1
SLOW = re.compile(
    r"(?:/map|/map\.html|\.pdf|\.png|\.xlsx|\.gpkg|\.zip|\.kml|\.parquet|\.fgb"
    r"|/embed)$"
)
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[EWS][0-9]{8}")
MOST_ASKED = 600


@dataclass
class Crawl:
    """What one reader was answered: every address with its status, and every word found in it."""

    client: Any
    words: Mapping[str, str]
    # Whether what takes long to draw is only asked for once of a sort, and by no link.
    is_brief: bool = False
    statuses: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def visit(self, addresses: Iterable[str], *, follows: bool = True) -> None:
        """Ask for addresses, then for all they link to."""
        waiting = deque((address, False) for address in addresses)
        alike: Counter[tuple[str, ...]] = Counter()
        while waiting and len(self.statuses) < MOST_ASKED:
            address, is_linked = waiting.popleft()
            parts = urlsplit(address)
            is_slow = SLOW.search(parts.path) is not None
            names = sorted({name for name, _ in parse_qsl(parts.query)})
            sort = (IDS.sub("…", parts.path) if is_slow and self.is_brief else parts.path, *names)
            most = MOST_SLOW if is_slow else MOST_ALIKE
            is_too_slow = is_slow and self.is_brief and (is_linked or alike[sort] > 0)
            is_one_more = is_too_slow or (is_linked and alike[sort] >= most)
            if address in self.statuses or is_one_more:
                continue
            alike[sort] += 1
            answer = self.client.get(address, headers={"accept": "text/html,*/*"})
            self.look(address, answer)
            if follows:
                links = links_of(answer)
                waiting += ((one, True) for one in links if not one.startswith(NOT_FOLLOWED))

    def look(self, address: str, answer: Response) -> None:
        """Look into an answer for words that must not be there."""
        self.statuses[address] = answer.status_code
        kind = answer.headers.get("content-type", "").partition(";")[0]
        self.kinds[kind] += 1
        # What somebody asked with is not told by the answer that says it again.
        asked = unquote_plus(address).lower()
        self.found += [
            f"{address} ({kind}) tells {self.words[word]}"
            for word in words_in(answer, self.words)
            if word not in asked
        ]


def links_of(answer: Response) -> Iterator[str]:
    """Yield the addresses of ours that an answer links to."""
    where = answer.headers.get("location", "")
    if where.startswith("/"):
        yield where
    kind = answer.headers.get("content-type", "")
    if kind.startswith(("text/html", "application/")) and b"\x00" not in answer.content[:1000]:
        for link in LINK.findall(answer.text):
            yield html.unescape(link).partition("#")[0]


def words_in(answer: Response, words: Iterable[str]) -> list[str]:
    """Return which of some words stand in an answer: its headers, its body, whatever is inside."""
    texts = [" ".join(answer.headers.values()), *texts_of(answer.content)]
    said = "\n".join(texts).lower()
    plain = re.sub(r"[\s\u00a0]+", "", said)
    return [word for word in words if word in said or word.replace(" ", "") in plain]


def texts_of(content: bytes) -> Iterator[str]:
    """Yield all the text there is in a body: as it stands, unescaped, unpacked."""
    if content.startswith(b"\x1f\x8b"):
        yield from texts_of(gzip.decompress(content))
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield name
                yield from texts_of(packed.read(name))
    elif content.startswith(b"%PDF"):
        yield from _texts_of_pdf(content)
    elif content.startswith(b"SQLite format 3"):
        yield from _texts_of_database(content)
    elif content.startswith(b"PAR1"):
        yield from _texts_of_parquet(content)
    elif content.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            yield " ".join(map(str, picture.info.values()))
        yield content.decode("latin-1")
    else:
        text = content.decode("utf-8", "replace")
        yield text
        yield html.unescape(text)
        yield unquote_plus(text)
        for piece in EMBEDDED.findall(text):
            yield from texts_of(base64.b64decode(piece + "=" * (-len(piece) % 4)))


def _texts_of_parquet(content: bytes) -> Iterator[str]:
    """Yield every value: what is packed in pages cannot be searched as it stands."""
    table = parquet.read_table(io.BytesIO(content))
    yield str(table.schema.metadata)
    for row in table.to_pylist():
        yield " ".join(map(str, row.values()))


def _texts_of_pdf(content: bytes) -> Iterator[str]:
    read = pypdf.PdfReader(io.BytesIO(content))
    for page in read.pages:
        yield page.extract_text()
    yield str(read.metadata)
    # Whatever else is packed in it: what is said aloud, links, attached files.
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            yield zlib.decompress(packed).decode("latin-1")
        except zlib.error:
            yield packed.decode("latin-1")
    yield content.decode("latin-1")
    yield content.decode("utf-16-be", "replace")


def _texts_of_database(content: bytes) -> Iterator[str]:
    with sqlite3.connect(":memory:") as database:
        database.deserialize(content)
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table.startswith("rtree_"):
                continue
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    yield text
    database.close()


def addresses_of(rows: Iterable[Row], names: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the addresses of rows of the table, each name in braces filled with all there are.

    KeyError for a name nobody has said what to fill in for: say it where this is called.
    """
    for row in rows:
        filled = [row.address]
        for name in re.findall(r"{(\w+)}", row.address):
            filled = [
                address.replace(f"{{{name}}}", value) for address in filled for value in names[name]
            ]
        yield from filled
