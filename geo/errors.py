"""Everything that can go wrong in `geo`: all of it a `ValueError` with a sentence for a person."""

from __future__ import annotations


class GeoError(ValueError):
    """Something given to `geo` cannot be used; the message says what, and what to do."""


class UnsafeLinkError(GeoError):
    """A link that could run script or leave the site unannounced."""


class MapError(GeoError):
    """A map cannot be drawn from what was given."""


class FeatureError(GeoError):
    """A row cannot be written as a GeoJSON feature."""


class CrsError(GeoError):
    """A table of shapes does not say which coordinate reference system it is in."""


class PostcodeError(GeoError):
    """Text that is not a full postcode."""


class QuestionError(GeoError):
    """A question for matches that makes no sense; the message names the part."""


class VocabularyError(GeoError):
    """The vocabulary of interests is not sound; the message names row and column."""


class UnknownInterest(GeoError):
    """An interest the vocabulary does not have; the message offers near spellings."""


class NetworkError(GeoError):
    """A foot network that cannot be read or used; the message says what to do."""


class PieceError(GeoError):
    """A piece of a run that cannot be matched in this process; the message says what to do."""
