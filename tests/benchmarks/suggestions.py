"""From a phrase to a concept, by each method: how often it is first, or among the first three.

``python -m tests.benchmarks.suggestions``, with DATABASE_URL naming a server on which databases may
be made. The phrases are tests/interests/phrases.csv. Rows of the sentence model need the extra
[semantic]; without it they say so.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.database import make_engine
from app.interests.actions import load_vocabulary, normalise_phrase, search_interests
from app.interests.sentence_model import Meanings, ModelMissing, SentenceModel
from app.interests.suggesting import suggest_by_meaning
from geo.interests import Vocabulary
from tests.benchmarks.database import make_database

PHRASES = Path(__file__).resolve().parents[1] / "interests" / "phrases.csv"
Method = Callable[[str], Sequence[str]]

# Each concept by its best word.
BY_WORD = """
    SELECT i.concept FROM interest_words s JOIN interests i ON i.id = s.interest_id
    WHERE {matches} GROUP BY i.concept ORDER BY max({rank}) DESC, i.concept LIMIT 3
"""
STATEMENTS = {
    "Full text, all words (AND)": BY_WORD.format(
        matches="s.stems @@ plainto_tsquery('english', :phrase)",
        rank="ts_rank(s.stems, plainto_tsquery('english', :phrase))",
    ),
    "Full text, any word (OR)": BY_WORD.format(
        matches="s.stems @@ to_tsquery('english', :any_word)",
        rank="ts_rank(s.stems, to_tsquery('english', :any_word), 2)",
    ),
    "Trigrams": BY_WORD.format(
        matches="word_similarity(s.word, :phrase) > 0.3",
        rank="word_similarity(s.word, :phrase) + similarity(s.word, :phrase)",
    ),
    "Sounds, then spelling": BY_WORD.format(
        matches="s.sounds && ARRAY(SELECT dmetaphone(w) FROM regexp_split_to_table(:phrase, ' ') w"
        " WHERE length(w) >= 4)",
        rank="similarity(s.word, :phrase)",
    ),
}


def main() -> None:
    """Measure every method and print the table."""
    settings = make_database("patchwork_bench_suggestions")
    engine = make_engine(settings)
    with PHRASES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with Session(engine) as session:
        vocabulary = load_vocabulary(session)
        session.commit()
        methods = methods_by_text(session.connection())
        try:
            methods |= methods_by_meaning(session.connection(), vocabulary)
            note = ""
        except ModelMissing as missing:
            note = f"Sentence model: not measured. {missing}"
        table = Table(title=f"{len(rows)} phrases", title_justify="left")
        for heading in ("Method", "hit@1", "hit@3"):
            table.add_column(heading, justify="left" if heading == "Method" else "right")
        for name, method in methods.items():
            first, third = hits(method, rows)
            shares = (f"{n} ({n / len(rows):.0%})" for n in (first, third))
            table.add_row(name, *shares)
    engine.dispose()
    console = Console()
    console.print(table)
    if note:
        console.print(note, markup=False)


def methods_by_text(connection: sa.Connection) -> dict[str, Method]:
    """Return each way of text alone, and ours, which combines them."""

    def by(statement: str) -> Method:
        def method(phrase: str) -> Sequence[str]:
            said = normalise_phrase(phrase)
            given = {"phrase": said, "any_word": " | ".join(said.split())}
            used = {name: given[name] for name in given if f":{name}" in statement}
            return connection.execute(sa.text(statement), used).scalars().all()

        return method

    methods = {name: by(statement) for name, statement in STATEMENTS.items()}
    methods["Ours: all of these together"] = lambda phrase: [
        hit.concept for hit in search_interests(connection, phrase, limit=3)
    ]
    return methods


def methods_by_meaning(connection: sa.Connection, vocabulary: Vocabulary) -> dict[str, Method]:
    """Return the sentence model alone, and with ours; raises ModelMissing."""
    meanings = Meanings(SentenceModel())
    meanings.read(vocabulary)
    suggest = suggest_by_meaning(meanings)

    def alone(phrase: str) -> Sequence[str]:
        nearness = meanings.nearness(vocabulary, phrase)
        return sorted(nearness, key=lambda concept: -nearness[concept])[:3]

    return {
        "Sentence model alone": alone,
        "Ours and the sentence model": lambda phrase: [
            hit.concept for hit in suggest(connection, vocabulary, phrase, 3)
        ],
    }


def hits(method: Method, rows: Sequence[dict[str, str]]) -> tuple[int, int]:
    """Return for how many phrases a right concept is first, and among the first three."""
    first = third = 0
    for row in rows:
        wanted = {row["concept"], *filter(None, (row["also"] or "").split("|"))}
        found = method(row["phrase"])
        first += bool(wanted & set(found[:1]))
        third += bool(wanted & set(found[:3]))
    return first, third


if __name__ == "__main__":
    main()
