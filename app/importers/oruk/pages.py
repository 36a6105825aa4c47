"""One page of a list, in the words of any version of Open Referral UK."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import FileRefused
from app.importers.oruk.json_text import Json, number, objects

# 3.0 says `contents`, `total_items`, `total_pages`, `page_number`, `last_page`; the older profile
# `content`, `totalElements`, `totalPages`, `number`, `last`. Some mix them.
_CONTENTS = ("contents", "content", "items", "services", "data", "results")
_TOTAL_ITEMS = ("total_items", "totalItems", "totalElements", "total_elements", "total", "count")
_TOTAL_PAGES = ("total_pages", "totalPages", "pages")
_IS_LAST = ("last_page", "last", "lastPage")
# More pages than any country needs: a feed that never ends is none.
MOST_PAGES = 20_000


@dataclass(frozen=True, slots=True)
class ListPage:
    """What one page of a list holds, and what it says about the rest (None where nothing)."""

    items: tuple[Json, ...]
    # How many entries were no objects.
    unreadable: int
    total_items: int | None
    total_pages: int | None
    is_last: bool | None

    def may_go_on(self, page_number: int, *, is_full_page: int, has_all: bool) -> bool:
        """Return whether to ask for the page after `page_number` (the first is 1).

        `is_full_page` is how many make a full page, `has_all` that the total it tells has come.
        """
        if self.total_pages is not None:
            return page_number < self.total_pages
        if self.is_last is not None:
            return not self.is_last
        if self.total_items is not None:
            return not has_all
        return len(self.items) >= is_full_page


def is_list_page(content: object) -> bool:
    """Return whether some JSON is a page of a list."""
    return isinstance(content, dict) and any(
        isinstance(content.get(name), list) for name in _CONTENTS
    ) and not ("id" in content and "name" in content)  # fmt: skip


def read_list_page(content: object, *, what: str) -> ListPage:
    """Return a page as read; `what` names it where it is none.

    Raises
    ------
    FileRefused
        If it is JSON, but no page of a list.
    """
    if isinstance(content, list):
        content = {"contents": content, "last_page": True}
    if not isinstance(content, dict) or not is_list_page(content):
        raise FileRefused(f"{what} is JSON, but not a page of services as Open Referral UK has it.")
    listed = next(content[name] for name in _CONTENTS if isinstance(content.get(name), list))
    items = tuple(objects(listed))
    flag = next((content[name] for name in _IS_LAST if isinstance(content.get(name), bool)), None)
    return ListPage(
        items=items,
        unreadable=len(listed) - len(items),
        total_items=_whole(content, _TOTAL_ITEMS),
        total_pages=_whole(content, _TOTAL_PAGES),
        is_last=flag,
    )


def _whole(content: Json, names: tuple[str, ...]) -> int | None:
    """Return the first of some numbers that is one, and not negative."""
    for name in names:
        value = number(content.get(name))
        if value is not None and value >= 0 and value == int(min(value, 1e15)):
            return int(value)
    return None
