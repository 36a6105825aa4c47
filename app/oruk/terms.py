"""Our three taxonomies and their terms, as Open Referral writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from app import words
from app.models import Access, AssetKind
from app.oruk.ids import NAMESPACE, child_id, child_of
from geo.interests import Vocabulary

Kind = Literal["kinds", "interests", "access"]
LinkType = Literal["organization", "service"]
Json = dict[str, Any]
# Records leave out what is None.
Written = orjson.Fragment | None

# What a service is, besides the kind of its organization.
ACTIVITY, PLACE = "activity", "place"
COMES_TO_HOMES, INDOORS, OUTDOORS = "comes_to_homes", "indoors", "outdoors"
_OF_SERVICES = {
    ACTIVITY: ("Activity", "Something that happens at set times."),
    PLACE: ("Place", "A place or group by itself: nobody has told us what it does when."),
    COMES_TO_HOMES: ("Comes to you", "Can come to care homes."),
    INDOORS: ("Indoors", "Happens indoors."),
    OUTDOORS: ("Outdoors", "Happens outdoors."),
}
TAXONOMY_NAMES: Mapping[Kind, tuple[str, str]] = {
    "kinds": ("Patchwork kinds", "What something on the map is."),
    "interests": ("Patchwork interests", "What people enjoy, from broader to narrower."),
    "access": ("Patchwork access", "What makes a place or session easier to take part in."),
}
TAXONOMY_IDS: Mapping[Kind, str] = {kind: child_id(NAMESPACE, kind) for kind in TAXONOMY_NAMES}


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A term: which taxonomy, its slug, an interest's number, and how it is written."""

    id: str
    kind: Kind
    slug: str
    interest_id: int | None
    content: Json
    # What its links' identifiers are made of, and the rest of a link after its own two.
    word: bytes
    tails: Mapping[LinkType, bytes]


class Terms:
    """Every term there is, for one vocabulary and one address of the service."""

    def __init__(self, vocabulary: Vocabulary, *, base_url: str) -> None:
        self.vocabulary = vocabulary
        self._base_url = base_url
        made = [*self._kinds(), *self._interests(), *self._access()]
        self.all = made
        self.by_id = {term.id: term for term in made}
        self._by_slug = {(term.kind, term.slug): term for term in made}
        self._by_interest = {t.interest_id: t for t in made if t.interest_id is not None}

    def of(self, kind: Kind, slugs: Iterable[str]) -> list[Term]:
        """Return the terms of some slugs; unknown ones are left out."""
        found = (self._by_slug.get((kind, slug)) for slug in slugs)
        return [term for term in found if term is not None]

    def of_interests(self, interest_ids: Iterable[int]) -> list[Term]:
        """Return the terms of some interests, in order of slug; a retired one is left out."""
        # Not in the order of their numbers: those are another database's in another database.
        found = [term for n in interest_ids if (term := self._by_interest.get(n)) is not None]
        return sorted(found, key=lambda term: term.slug)

    def interests_called(self, word: str) -> list[int]:
        """Return the interests that `word` (lower case) is a label or other word of."""
        return [
            concept.id
            for concept in self.vocabulary.concepts
            if word in {concept.label.lower(), *map(str.lower, concept.other_words)}
        ]

    def taxonomies(self, *, with_terms: bool = False) -> list[Json]:
        """Return the taxonomies, with all their terms if wanted."""
        found = []
        for kind, (name, description) in TAXONOMY_NAMES.items():
            taxonomy: Json = {
                "id": TAXONOMY_IDS[kind],
                "name": name,
                "description": description,
                "uri": f"{self._base_url}/oruk/taxonomies/{TAXONOMY_IDS[kind]}",
                "version": "1",
            }
            if with_terms:
                taxonomy["taxonomy_terms"] = [t.content for t in self.all if t.kind == kind]
            found.append(taxonomy)
        return found

    def _kinds(self) -> list[Term]:
        own = [
            self._term(
                "kinds",
                kind.value,
                name=words.kind_word(kind.value),
                description=f"{words.kind_word(kind.value)}, on the map.",
                page=f"/assets?kind={kind.value}",
            )
            for kind in AssetKind
            if kind is not AssetKind.INFORMAL
        ]
        return own + [
            self._term("kinds", slug, name=name, description=description)
            for slug, (name, description) in _OF_SERVICES.items()
        ]

    def _interests(self) -> list[Term]:
        slug_of = {concept.id: concept.concept for concept in self.vocabulary.concepts}
        return [
            self._term(
                "interests",
                concept.concept,
                name=concept.label,
                description=f"{concept.label}: something people enjoy.",
                page=f"/assets?interest={concept.concept}",
                parent=slug_of.get(concept.broader_id) if concept.broader_id else None,
                interest_id=concept.id,
            )
            for concept in self.vocabulary.concepts
        ]

    def _access(self) -> list[Term]:
        return [
            self._term(
                "access",
                word.value,
                name=words.access_word(word.value),
                description=f"{words.access_word(word.value)}.",
            )
            for word in Access
        ]

    def _term(
        self,
        kind: Kind,
        slug: str,
        *,
        name: str,
        description: str,
        page: str | None = None,
        parent: str | None = None,
        interest_id: int | None = None,
    ) -> Term:
        taxonomy_id = TAXONOMY_IDS[kind]
        content: Json = {
            "id": child_id(taxonomy_id, slug),
            "name": name,
            "description": description,
            **({"parent_id": child_id(taxonomy_id, parent)} if parent else {}),
            "taxonomy": TAXONOMY_NAMES[kind][0],
            "taxonomy_id": taxonomy_id,
            **({"term_uri": f"{self._base_url}{page}"} if page else {}),
            "term": slug,
        }
        link_types: tuple[LinkType, ...] = ("organization", "service")
        tails = {
            link_type: orjson.dumps(
                {
                    "link_type": link_type,
                    "taxonomy_term_id": content["id"],
                    "taxonomy_term": content,
                }
            )[1:]
            for link_type in link_types
        }
        word = f"attribute:{kind}:{slug}".encode()
        return Term(content["id"], kind, slug, interest_id, content, word, tails)


def attributes_of(record_id: str, link_type: LinkType, terms: Iterable[Term]) -> Written:
    """Return the links between a record and its terms, written; None if there are no terms.

    Put together from what was written once for each term: half of a full page are these.
    """
    parent = bytes.fromhex(record_id.replace("-", ""))
    link_id = record_id.encode()
    links = [
        b'{"id":"%b","link_id":"%b",%b'
        % (child_of(parent, term.word).encode(), link_id, term.tails[link_type])
        for term in terms
    ]
    return orjson.Fragment(b"[" + b",".join(links) + b"]") if links else None
