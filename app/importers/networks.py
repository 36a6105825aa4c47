"""Foot networks: one file in one transaction, from OpenStreetMap data to arrays in one row.

Not by the rows of the generic path: what is stored is the network as a whole. Who published it,
when it was loaded, and what was refused is written down in the same way.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.errors import FileRefused
from app.importers import queries
from app.importers.options import ReadOptions
from app.importers.readers import streets
from app.importers.records import Report
from app.importers.run import Progress, file_transaction, fingerprint, said_if_refused, source_of
from app.importers.signatures import size_in_bytes
from app.walking import queries as walking
from geo.errors import NetworkError
from geo.network_files import read_network, to_bytes
from geo.walking import FootNetwork

READER = "network"
# A newer file with fewer than this share of the ways is more likely cut off than true.
_LEAST_SHARE = 0.5


def load_network(
    bind: sa.Engine | sa.Connection,
    path: Path,
    *,
    options: ReadOptions | None = None,
    progress: Progress | None = None,
) -> Report:
    """Load a file's foot network in place of an earlier one of the same name (dates aside).

    Rows of the report are the edges between two points of a way. The same ways again change
    nothing.

    Raises
    ------
    FileRefused
        In one sentence; what was loaded before stays.
    """
    options = options or ReadOptions()
    size_in_bytes(path)
    if not streets.recognises(path, None):
        raise FileRefused(
            f"{path.name} is not OpenStreetMap data: give a .osm, .osm.pbf, .osm.gz or .osm.bz2"
            " file."
        )
    started = time.perf_counter()
    info = source_of(path, streets, options)
    report = Report(file_name=path.name, source=info.slug, reader=READER)
    digest, _ = fingerprint(path)
    facts: dict[str, Any] = {
        "reader": READER,
        "file_name": path.name,
        "scope": streets.scope(path, options),
        "file_sha256": digest,
        "release": None,
        "as_of": streets.as_of(path, options),
    }
    with said_if_refused(bind, path, streets, info, facts):
        network = _read(path, progress)
        report.read = len(network.edges)
        with file_transaction(bind) as connection:
            source_id = queries.keep_source(connection, info)
            run_id = queries.begin_run(connection, source_id=source_id, **facts)
            _keep(connection, network, source_id=source_id, facts=facts, options=options,
                  report=report)  # fmt: skip
            queries.finish_run(connection, run_id=run_id, report=report)
    report.seconds = time.perf_counter() - started
    return report


def _read(path: Path, progress: Progress | None) -> FootNetwork:
    def tell(ways: int) -> None:
        if progress:
            progress(ways, None)

    try:
        return read_network(path, told=tell)
    except NetworkError as error:
        raise FileRefused(str(error)) from error


def _keep(
    connection: sa.Connection,
    network: FootNetwork,
    *,
    source_id: int,
    facts: dict[str, Any],
    options: ReadOptions,
    report: Report,
) -> None:
    """Store the network unless it is the same as before, older, or suspiciously small."""
    content = to_bytes(network)
    digest = hashlib.sha256(content).hexdigest()
    before = walking.find_network(connection, source_id=source_id, scope=facts["scope"])
    edges, as_of = len(network.edges), facts["as_of"]
    if before is not None and before.digest == digest:
        report.status, report.unchanged = "unchanged", edges
        return
    if before is not None and _is_older(as_of, before.as_of) and not options.allow_older:
        report.status = "unchanged"
        report.message = f"older than the data of {before.as_of} that is loaded, so nothing changed"
        return
    if before is not None and edges < before.edges * _LEAST_SHARE and not options.allow_shrink:
        raise FileRefused(
            f"{facts['file_name']} has {edges:,} stretches of way, where {before.edges:,} are"
            " loaded, so nothing was changed: it may be cut off. If it is right, add"
            " --allow-shrink."
        )
    walking.keep_network(
        connection,
        source_id=source_id,
        scope=facts["scope"],
        file_name=facts["file_name"],
        as_of=as_of,
        digest=digest,
        nodes=len(network.node_ids),
        edges=edges,
        length_m=float(network.lengths_m.sum()),
        bounds=network.bounds,
        content=content,
    )
    if before is None:
        report.new = edges
    else:
        report.changed = edges


def _is_older(date: dt.date | None, than: dt.date | None) -> bool:
    return date is not None and than is not None and date < than
