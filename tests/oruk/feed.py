"""Asking a feed as another program does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from httpx import Response

from app.settings import Settings

Json = dict[str, Any]
# A program that names no type; uncompressed, because the tests would take it apart again.
PROGRAM = {"accept": "*/*", "accept-encoding": "identity"}


@dataclass
class Feed:
    """A feed to ask, and the database behind it to compare with."""

    client: Any
    engine: sa.Engine
    settings: Settings

    def get(self, path: str, **params: Any) -> Response:
        """Ask for an address below /oruk, as a program that names no type."""
        answer: Response = self.client.get(f"/oruk{path}", params=params, headers=PROGRAM)
        return answer

    def json(self, path: str, **params: Any) -> Json:
        answer = self.get(path, **params)
        assert answer.status_code == 200, (path, params, answer.text)
        found: Json = answer.json()
        return found

    def pages(self, path: str, **params: Any) -> Iterator[Json]:
        """Yield every page of a list."""
        number = 1
        while True:
            page = self.json(path, page=number, **params)
            yield page
            if page["last_page"]:
                return
            number += 1

    def all(self, path: str, **params: Any) -> list[Json]:
        return [one for page in self.pages(path, **params) for one in page["contents"]]

    def names(self, path: str = "/services", **params: Any) -> set[str]:
        """Return what the records of a list are called."""
        return {one["name"] for one in self.all(path, **params)}

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(sql), values))

    def change(self, sql: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(sql), values)
