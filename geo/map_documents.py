"""Whole HTML documents around a folium map: our page, our scripts, nothing from another host.

folium's own page has no language and no title, forbids pinch zoom and loads its scripts from
content delivery networks; `MapFigure` and `PatchworkMap` replace those parts and keep the rest,
so that other folium layers can still be added to the map.
"""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from geo.credits import merged_credits
from geo.errors import MapError
from geo.popups import popup_text, script_json

# What a page that shows a map document in an <iframe> should put in its sandbox attribute.
IFRAME_SANDBOX = "allow-scripts allow-top-navigation-by-user-activation"

_SCRIPTS = {"leaflet": "leaflet/leaflet.js", "clusters": "markercluster/leaflet.markercluster.js"}
_STYLES = {"leaflet": "leaflet/leaflet.css", "clusters": "markercluster/MarkerCluster.css"}
_CSP_MARK = "csp-goes-here"


@dataclass(frozen=True)
class MapAssets:
    """Where a map document finds Leaflet and its cluster plugin.

    Attributes
    ----------
    base
        A path on the same site (``/static/vendor``), or, with `inline`, a folder on this
        machine; both hold ``leaflet/leaflet.js``, ``leaflet/leaflet.css`` and
        ``markercluster/…``.
    inline
        Write the scripts into the document: one file that works from a memory stick.
    """

    base: str | os.PathLike[str] = "/static/vendor"
    inline: bool = False

    def __post_init__(self) -> None:
        """Refuse another host: a map loads nothing from elsewhere."""
        base = str(self.base)
        if not self.inline and (urlsplit(base).netloc or urlsplit(base).scheme):
            message = f"Map scripts come from this site only, as a path; got {base!r}."
            raise MapError(message)

    def address(self, name: str) -> str:
        """Return the path a document asks the site for."""
        return popup_text(f"{str(self.base).rstrip('/')}/{name}")

    def content(self, name: str) -> str:
        """Return the text of a vendored file, fit to stand inside a document.

        Raises
        ------
        MapError
            When the file is missing, or holds an end tag that would cut the document.
        """
        path = Path(self.base) / name
        try:
            # A browser turns CR LF into LF before it hashes; universal newlines do it here
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            message = f"{path} is missing: fetch the front-end files first (make front-end)."
            raise MapError(message) from None
        if re.search(r"</(script|style)", text, re.IGNORECASE):
            message = f"{path} holds an end tag and cannot be written into a document."
            raise MapError(message)
        return re.sub(r"//# sourceMappingURL=\S+", "", text)


@dataclass(frozen=True)
class MapDocument:
    """A finished map.

    Attributes
    ----------
    html
        The whole HTML document, UTF-8 when written.
    csp
        The Content-Security-Policy to send with it: no connections, no inline script but the
        hashed ones. A self-contained document also carries it as a ``<meta>``.
    """

    html: str
    csp: str

    def write(self, path: Path) -> None:
        """Write the document to `path` as UTF-8; raises `MapError` where nothing can be written."""
        try:
            path.write_text(self.html, encoding="utf-8", newline="\n")
        except OSError as error:
            message = (
                f"The map cannot be written to {path} ({error.strerror}): name a file in a folder"
                " that is there and that you may write to."
            )
            raise MapError(message) from error

    def _repr_html_(self) -> str:
        """Show the map in a notebook, in a frame of its own without the notebook's powers."""
        return (
            f'<iframe title="Map" sandbox="{IFRAME_SANDBOX}" width="100%" height="560" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )


@cache
def _page_file(name: str) -> str:
    return resources.files("geo").joinpath(name).read_text(encoding="utf-8").strip()


class _Embedded(Element):
    """A script or style sheet written into the head; a class so its braces are not Jinja's."""

    def __init__(self, tag: str, code: str) -> None:
        super().__init__()
        self.tag, self.code = tag, code
        self._template = Template("<{{ this.tag }}>{{ this.code }}</{{ this.tag }}>")


class _PageScript(MacroElement):
    """Our own script, after everything folium writes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.code = _page_file("map_page.js")
        self._template = Template("{% macro script(this, kwargs) %}{{ this.code }}{% endmacro %}")


class MapFigure(Figure):
    """The page a map stands in; every attribute is HTML, already encoded."""

    def __init__(self, *, title: str, list_heading: str, has_meta_csp: bool) -> None:
        super().__init__()
        self.header = Element()
        self.header._parent = self
        self.title = popup_text(title)
        self.list_heading = popup_text(list_heading)
        self.legend = self.attribution = self.data = ""
        self.own_css = _page_file("map_page.css")
        self.meta_csp, self.csp_mark = has_meta_csp, _CSP_MARK
        self._template = Template(_page_file("map_page.html"))


class PatchworkMap(folium.Map):
    """A folium map with local scripts, a metric scale, no tiles unless asked, and a fixed name.

    The name is fixed so that the same data gives the same bytes, which caches and
    content-security hashes rely on.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="map" role="region" aria-label="{{ this.label }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
        const patchworkMap = L.map("map", {
          center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }},
          zoomAnimation: !isCalm, fadeAnimation: !isCalm, inertia: !isCalm
        });
        L.control.zoom({ position: "bottomright" }).addTo(patchworkMap);
        L.control.scale({ imperial: false }).addTo(patchworkMap);
        {% endmacro %}
        """
    )

    def __init__(
        self, *, label: str, scripts: MapAssets, clusters: bool, tiles: str | None
    ) -> None:
        # A place in Great Britain: the data's bounds replace it
        super().__init__(
            location=[54.0, -2.5],
            zoom_start=6,
            tiles=None,
            zoom_snap=0.1 if tiles is None else 1,
            zoom_control=False,
            attribution_control=False,
        )
        # folium keeps max_zoom for its tile layer; without one the cluster plugin throws
        self.options["max_zoom"] = 19
        self.label = popup_text(label)
        self.scripts = scripts
        self._parts = ["leaflet", *(["clusters"] if clusters else [])]
        self.default_js = self._links("script", _SCRIPTS)
        self.default_css = self._links("style", _STYLES)
        if tiles:
            layer = folium.TileLayer(tiles=tiles, attr="named below the map", max_zoom=19)
            layer._id = "base"
            self.add_child(layer, name="base")

    def get_name(self) -> str:
        """Return the JavaScript name of the map."""
        return "patchworkMap"

    def _links(self, tag: str, files: Mapping[str, str]) -> list[tuple[str, str]]:
        if self.scripts.inline:
            return []
        return [(f"{part}_{tag}", self.scripts.address(files[part])) for part in self._parts]

    def embed_scripts(self, figure: Figure) -> None:
        """Write the vendored files into the head of `figure`, where the links would be."""
        for part in self._parts:
            style = _Embedded("style", self.scripts.content(_STYLES[part]))
            script = _Embedded("script", self.scripts.content(_SCRIPTS[part]))
            figure.header.add_child(style, name=f"{part}_style")
            figure.header.add_child(script, name=f"{part}_script")


def map_document(
    data: Mapping[str, Any],
    *,
    title: str,
    legend: str,
    list_heading: str,
    attribution: Sequence[str],
    scripts: MapAssets,
    base_tiles: str | None,
) -> MapDocument:
    """Put a map's data into a document.

    Parameters
    ----------
    data
        What ``map_page.js`` reads; `geo.maps` builds it.
    title, list_heading, attribution
        Plain text. The attribution names every source and is always in view.
    legend
        HTML made by `geo.legends`.
    scripts
        Where Leaflet is.
    base_tiles
        A tile address such as ``/tiles/{z}/{x}/{y}.png``, or ``None`` for plain paper.

    Raises
    ------
    MapError
        When no source is named, the tile address is neither a site path nor https, or a
        vendored file is missing.
    """
    if not [line for line in attribution if line.strip()]:
        message = "A map names its sources: give at least one line of attribution."
        raise MapError(message)
    tile_source = _tile_source(base_tiles)
    has_clusters = bool(data.get("cluster"))
    figure = MapFigure(title=title, list_heading=list_heading, has_meta_csp=scripts.inline)
    figure.legend = legend
    figure.attribution = ". ".join(map(popup_text, merged_credits(attribution))) + "."
    figure.data = script_json(data)
    page = PatchworkMap(label=title, scripts=scripts, clusters=has_clusters, tiles=base_tiles)
    if scripts.inline:
        page.embed_scripts(figure)
    page.add_child(_PageScript(), name="page_script")
    figure.add_child(page)
    text = figure.render()
    policy = _policy(text, scripts=scripts, tile_source=tile_source)
    # frame-ancestors has no meaning in a <meta> and browsers complain about it
    in_meta = policy.partition("; frame-ancestors")[0]
    return MapDocument(html=text.replace(_CSP_MARK, in_meta, int(scripts.inline)), csp=policy)


def _tile_source(base_tiles: str | None) -> str:
    if base_tiles is None:
        return ""
    parts = urlsplit(base_tiles)
    if not parts.scheme and not parts.netloc and base_tiles.startswith("/"):
        return " 'self'"
    host = re.sub(r"^\{s\}\.", "*.", parts.netloc)
    if parts.scheme != "https" or not re.fullmatch(r"[\w.*:-]+", host):
        message = (
            f"Map tiles come from a path on this site or an https address; got {base_tiles!r}."
        )
        raise MapError(message)
    return f" https://{host}"


def _policy(text: str, *, scripts: MapAssets, tile_source: str) -> str:
    own = "" if scripts.inline else " 'self'"
    script_hashes = " ".join(_hashes(text, "script"))
    style_hashes = " ".join(_hashes(text, "style"))
    return (
        f"default-src 'none'; script-src {script_hashes}{own}; style-src {style_hashes}{own}; "
        f"img-src data:{tile_source}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _hashes(text: str, tag: str) -> list[str]:
    """Hash the inline blocks of `text`; data blocks and linked files have attributes."""
    blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digests = (hashlib.sha256(block.encode()).digest() for block in blocks)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
