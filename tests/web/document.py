"""Read a page as a browser would list its elements, for tests that ask about structure."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "source"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words inside, with single spaces."""
        return " ".join("".join(self.texts).split())

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    def within(self) -> list[Element]:
        """Everything inside, in order."""
        return [one for child in self.children for one in (child, *child.within())]

    def all(self, tag: str | None = None, **wanted: str) -> list[Element]:
        """Return the elements inside by tag and attributes, as `Document.all` does."""
        return matching(self.within(), tag, wanted)

    def one(self, tag: str | None = None, **wanted: str) -> Element:
        found = self.all(tag, **wanted)
        assert len(found) == 1, f"{len(found)} of <{tag} {wanted}>"
        return found[0]


def matching(elements: list[Element], tag: str | None, wanted: dict[str, str]) -> list[Element]:
    """Return those of a tag and attributes (`class_` for a class among others)."""
    class_ = wanted.pop("class_", None)
    return [
        element
        for element in elements
        if (tag is None or element.tag == tag)
        and (class_ is None or class_ in element.classes)
        and all(element.get(name.replace("_", "-")) == value for name, value in wanted.items())
    ]


class Document(HTMLParser):
    """All elements of a page, in order; raises AssertionError where tags are not balanced."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {[element.tag for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        parent = self._open[-1] if self._open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        self.elements.append(element)
        if parent:
            parent.children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert [element.tag for element in self._open[-1:]] == [tag], f"</{tag}> closes nothing"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)

    def all(self, tag: str | None = None, **wanted: str) -> list[Element]:
        """Return elements by tag and attributes (`class_` for a class among others)."""
        return matching(self.elements, tag, wanted)

    def one(self, tag: str | None = None, **wanted: str) -> Element:
        found = self.all(tag, **wanted)
        assert len(found) == 1, f"{len(found)} of <{tag} {wanted}>"
        return found[0]

    def links(self) -> list[str]:
        return [element.get("href") for element in self.all("a")]
