"""Pages as PDF files, tagged for screen readers. WeasyPrint, which needs the system's Pango."""

from __future__ import annotations

from pathlib import Path


class CannotPrint(Exception):
    """Pango or a library beside it is missing: no PDF files can be made on this machine."""


def make_pdf(html: str, *, stylesheet: Path) -> bytes:
    """Return a page as a tagged PDF (PDF/UA-1). Nothing is fetched, from nowhere.

    Raises
    ------
    CannotPrint
        If Pango or a library beside it is missing.
    """
    try:
        # Half a second and 40 MB that only whoever prints shall pay, and Pango may be missing.
        from weasyprint import CSS, HTML  # type: ignore[import-untyped]  # noqa: PLC0415
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: PLC0415
    except OSError as error:
        raise CannotPrint(str(error)) from error

    class FetchNothing(URLFetcher):  # type: ignore[misc]  # it has no types
        """Refuses every address: what is printed is all in the page."""

        def fetch(self, url: str, headers: object = None) -> object:  # noqa: ARG002 - its name is theirs
            raise ValueError(f"not fetched: {url[:100]}")

    fetcher = FetchNothing()
    style = CSS(string=stylesheet.read_text(encoding="utf-8"), url_fetcher=fetcher)
    made: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(
        stylesheets=[style], pdf_variant="pdf/ua-1"
    )
    return made
