"""Pages as PDF files, tagged for screen readers. WeasyPrint, which needs the system's Pango."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class CannotPrint(Exception):
    """Pango or a library beside it is missing: no PDF files can be made on this machine."""


def make_pdf(html: str, *, stylesheet: Path, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """Return a page as a tagged PDF (PDF/UA-1). Nothing is fetched, from nowhere.

    `pictures` are PNG files by the address the page has them under (``picture:map``).

    Raises
    ------
    CannotPrint
        If Pango or a library beside it is missing.
    """
    return _written(_laid_out(html, stylesheet, pictures or {}))


def make_fitting_pdf(
    make_html: Callable[[int], str],
    *,
    most: int,
    stylesheet: Path,
    pictures: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return the page with as much of a list as one sheet of paper has room for.

    `make_html` makes the page with so many lines of the list, at most `most`; without any it may
    still be longer than a sheet, and then is. Raises `CannotPrint`.
    """

    def lay_out(lines: int) -> Any:  # noqa: ANN401 - WeasyPrint has no types
        return _laid_out(make_html(lines), stylesheet, pictures or {})

    fitting = lay_out(most)
    fits, too_many = 0, most
    # Each try takes a fifth of a second: a line or two more are not worth another.
    near_enough = max(1, most // 12)
    if len(fitting.pages) > 1 and most:
        fitting = lay_out(0)
        while too_many - fits > near_enough and len(fitting.pages) == 1:
            middle = (fits + too_many) // 2
            tried = lay_out(middle)
            if len(tried.pages) == 1:
                fits, fitting = middle, tried
            else:
                too_many = middle
    return _written(fitting)


def _laid_out(html: str, stylesheet: Path, pictures: Mapping[str, bytes]) -> Any:  # noqa: ANN401
    try:
        # Half a second and 40 MB that only whoever prints shall pay, and Pango may be missing.
        from weasyprint import CSS, HTML  # type: ignore[import-untyped]  # noqa: PLC0415
        from weasyprint.urls import (  # type: ignore[import-untyped]  # noqa: PLC0415
            URLFetcher,
            URLFetcherResponse,
        )
    except OSError as error:
        raise CannotPrint(str(error)) from error

    class FetchNothing(URLFetcher):  # type: ignore[misc]  # it has no types
        """Refuses every address: what is printed is all in the page, or was given with it."""

        def fetch(self, url: str, headers: object = None) -> object:  # noqa: ARG002 - its name is theirs
            if url in pictures:
                return URLFetcherResponse(url, pictures[url], {"Content-Type": "image/png"})
            raise ValueError(f"not fetched: {url[:100]}")

    fetcher = FetchNothing()
    style = CSS(string=stylesheet.read_text(encoding="utf-8"), url_fetcher=fetcher)
    return HTML(string=html, url_fetcher=fetcher).render(
        stylesheets=[style], pdf_variant="pdf/ua-1"
    )


def _written(document: Any) -> bytes:  # noqa: ANN401 - WeasyPrint has no types
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made
