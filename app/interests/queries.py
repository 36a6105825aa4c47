"""All SQL about the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

CONCEPTS = sa.text(
    "SELECT id, concept, label, broader_id, other_words, is_special_category"
    " FROM interests WHERE NOT is_retired ORDER BY id"
)
GENTLER = sa.text(
    "SELECT g.interest_id, g.gentler_id, g.sentence FROM gentler_alternatives g"
    " JOIN interests i ON i.id = g.interest_id AND NOT i.is_retired"
    " JOIN interests j ON j.id = g.gentler_id AND NOT j.is_retired ORDER BY 1, 2"
)
# Grows with every change of the vocabulary: cheap to ask, so caches know when to reload.
STAMP = sa.text("SELECT count(*), coalesce(sum(version), 0) FROM interests")

# Words first (an OR of stems: "used to play bowls" must not ask for all of them), then trigrams of
# each label and other word, then how words sound: "croshay" has hardly a trigram of crochet.
# word_similarity compares with the best-fitting part of the phrase.
SEARCH = sa.text(
    """
    WITH asked AS MATERIALIZED (
      SELECT CAST(:phrase AS text) AS phrase,
             to_tsquery('english', NULLIF(CAST(:any_word AS text), '')) AS any_word,
             tsvector_to_array(to_tsvector('english', :phrase)) AS stems,
             ARRAY(SELECT dmetaphone(w) FROM regexp_split_to_table(:phrase, ' ') AS w
                   WHERE length(w) >= 4 AND length(dmetaphone(w)) >= 3) AS sounds
    ), scored AS (
      SELECT i.concept, i.label, s.word,
             -- All its words were said, in any order and form ("choir at chapel"): nothing beats
             -- it, and more words say more. Said exactly so, a little better still.
             CASE WHEN s.stems <> '' AND tsvector_to_array(s.stems) <@ asked.stems
                  THEN 1.0 + 0.7 * length(s.stems) ELSE 0 END
             + CASE WHEN position(' ' || s.word || ' ' IN ' ' || asked.phrase || ' ') > 0
                    THEN 0.5 + 0.01 * length(s.word) ELSE 0 END
             + CASE WHEN s.is_label THEN 0.05 ELSE 0 END
             + CASE WHEN s.stems @@ asked.any_word
                    THEN 0.6 * ts_rank(s.stems, asked.any_word, 2) + 0.35 ELSE 0 END
             + 0.5 * greatest(similarity(s.word, asked.phrase),
                              word_similarity(s.word, asked.phrase))
             + 0.5 * similarity(s.word, asked.phrase)
             + CASE WHEN s.sounds && asked.sounds AND NOT coalesce(s.stems @@ asked.any_word, false)
                    THEN 0.4 ELSE 0 END
               AS likeness
      FROM interest_words s
      JOIN interests i ON i.id = s.interest_id AND NOT i.is_retired
      CROSS JOIN asked
    )
    SELECT DISTINCT ON (concept) concept, label, word, likeness
    FROM scored WHERE likeness >= :least
    ORDER BY concept, likeness DESC
    """
)

UPSERT = sa.text(
    """
    INSERT INTO interests (concept, label, other_words, is_special_category)
    VALUES (:concept, :label, :other_words, :is_special_category)
    ON CONFLICT (concept) DO UPDATE SET
      label = excluded.label, other_words = excluded.other_words,
      is_special_category = excluded.is_special_category, is_retired = false
    WHERE (interests.label, interests.other_words, interests.is_special_category,
           interests.is_retired)
      IS DISTINCT FROM
          (excluded.label, excluded.other_words, excluded.is_special_category, false)
    """
)
SET_BROADER = sa.text(
    """
    UPDATE interests i SET broader_id = b.id
    FROM unnest(CAST(:concepts AS text[]), CAST(:broaders AS text[])) AS given (concept, broader)
    LEFT JOIN interests b ON b.concept = given.broader
    WHERE i.concept = given.concept AND i.broader_id IS DISTINCT FROM b.id
    """
)
RETIRE_OTHERS = sa.text(
    "UPDATE interests SET is_retired = true"
    " WHERE NOT is_retired AND NOT concept = ANY(CAST(:concepts AS text[]))"
)
CLEAR_GENTLER = sa.text("DELETE FROM gentler_alternatives")
INSERT_GENTLER = sa.text(
    """
    INSERT INTO gentler_alternatives (interest_id, gentler_id, sentence)
    SELECT i.id, g.id, :sentence FROM interests i, interests g
    WHERE i.concept = :concept AND g.concept = :gentler
    """
)


def read_concepts(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return (id, concept, label, broader_id, other_words, is_special_category) of all in use."""
    return connection.execute(CONCEPTS).all()


def read_gentler(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return (interest_id, gentler_id, sentence)."""
    return connection.execute(GENTLER).all()


def read_stamp(connection: sa.Connection) -> tuple[int, int]:
    """Return two numbers that change whenever the vocabulary does."""
    count, versions = connection.execute(STAMP).one()
    return int(count), int(versions)


def search(
    connection: sa.Connection, *, phrase: str, any_word: str, least: float
) -> Sequence[sa.Row[Any]]:
    """Return (concept, label, word, likeness) for concepts like `phrase`, unsorted.

    `any_word` is a tsquery of alternatives ("bowl | play"), or empty.
    """
    given = {"phrase": phrase, "any_word": any_word, "least": least}
    return connection.execute(SEARCH, given).all()


def store_concepts(
    session: Session, concepts: Sequence[dict[str, Any]], gentler: Sequence[dict[str, str]]
) -> None:
    """Make the stored vocabulary equal to the one given; ids of known concepts never change.

    `concepts` have concept, label, broader (slug or None), other_words, is_special_category;
    `gentler` have concept, gentler, sentence. Concepts no longer given are retired.
    """
    session.execute(UPSERT, list(concepts))
    slugs = [c["concept"] for c in concepts]
    broaders = [c["broader"] for c in concepts]
    session.execute(SET_BROADER, {"concepts": slugs, "broaders": broaders})
    session.execute(RETIRE_OTHERS, {"concepts": slugs})
    session.execute(CLEAR_GENTLER)
    if gentler:
        session.execute(INSERT_GENTLER, list(gentler))
