"""All SQL of files on their way in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models import Asset, ColumnMapping, ImportProblem, Upload

# Everything but the file itself, which is only read where it is needed.
_WITHOUT_CONTENT = (
    Upload.id, Upload.file_name, Upload.layer, Upload.mapping, Upload.loaded_at, Upload.created_at,
    sa.func.octet_length(Upload.content).label("size_bytes"),
)  # fmt: skip
KEPT_FOR = dt.timedelta(days=1)


def insert_upload(
    session: Session, *, account_id: uuid.UUID, file_name: str, content: bytes,
    mapping: dict[str, Any],
) -> uuid.UUID:  # fmt: skip
    """Keep a file for a day and return its id."""
    made: uuid.UUID = session.execute(
        sa.insert(Upload)
        .values(account_id=account_id, file_name=file_name, content=content, mapping=mapping)
        .returning(Upload.id)
    ).scalar_one()
    return made


def list_uploads(session: Session, *, account_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return somebody's files, newest first."""
    asked = sa.select(*_WITHOUT_CONTENT).where(Upload.account_id == account_id)
    return session.execute(asked.order_by(Upload.created_at.desc())).all()


def find_upload(
    session: Session, *, upload_id: uuid.UUID, account_id: uuid.UUID
) -> sa.Row[Any] | None:
    """Return one of somebody's own files with its bytes, or None."""
    return session.execute(
        sa.select(*_WITHOUT_CONTENT, Upload.content).where(
            Upload.id == upload_id, Upload.account_id == account_id
        )
    ).one_or_none()


def keep_mapping(session: Session, *, upload_id: uuid.UUID, mapping: dict[str, Any]) -> None:
    """Keep what somebody said about the columns of a file."""
    session.execute(
        sa.update(Upload)
        .where(Upload.id == upload_id)
        .values(mapping=mapping, updated_at=sa.func.now())
    )


def finish_upload(session: Session, *, upload_id: uuid.UUID, mapping: dict[str, Any]) -> None:
    """Mark a file loaded, and let its bytes go."""
    session.execute(
        sa.update(Upload)
        .where(Upload.id == upload_id)
        .values(loaded_at=sa.func.now(), content=b"", mapping=mapping)
    )


def delete_upload(session: Session, *, upload_id: uuid.UUID, account_id: uuid.UUID) -> bool:
    """Throw one of somebody's own files away; return whether it was there."""
    found = session.execute(
        sa.delete(Upload)
        .where(Upload.id == upload_id, Upload.account_id == account_id)
        .returning(Upload.id)
    )
    return found.one_or_none() is not None


def delete_old_uploads(session: Session) -> int:
    """Throw away what has been kept for a day, and return how many files that were."""
    found = session.execute(
        sa.delete(Upload).where(Upload.created_at < sa.func.now() - KEPT_FOR).returning(Upload.id)
    )
    return len(found.all())


def find_column_mapping(session: Session, *, header_digest: str) -> sa.Row[Any] | None:
    """Return how columns of just these names were matched the last time."""
    return session.execute(
        sa.select(ColumnMapping.mapping, ColumnMapping.updated_at).where(
            ColumnMapping.header_digest == header_digest
        )
    ).one_or_none()


def keep_column_mapping(
    session: Session, *, header_digest: str, header: Sequence[str], mapping: dict[str, Any]
) -> None:
    """Remember how columns were matched, for the next file that has them."""
    statement = insert(ColumnMapping).values(
        header_digest=header_digest, header=list(header), mapping=mapping
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[ColumnMapping.header_digest],
            set_={"mapping": statement.excluded.mapping, "updated_at": sa.func.now()},
        )
    )


def list_problems(
    connection: sa.Connection, *, run_id: int, limit: int
) -> Sequence[sa.Row[int, str | None, str, str, bool]]:
    """Return the first problems of an import run, in the file's order."""
    asked = (
        sa.select(
            ImportProblem.row_number, ImportProblem.name, ImportProblem.message,
            ImportProblem.suggestion, ImportProblem.is_stored,
        )
        .where(ImportProblem.import_run_id == run_id)
        .order_by(ImportProblem.row_number, ImportProblem.id)
        .limit(limit)
    )  # fmt: skip
    return connection.execute(asked).all()


def list_written(connection: sa.Connection, *, run_id: int, limit: int) -> Sequence[sa.Row[Any]]:
    """Return the first places an import run wrote, as they are stored."""
    asked: sa.Select[Any] = (
        sa.select(
            Asset.kind, Asset.name, Asset.address, Asset.postcode, Asset.location_source,
            Asset.interest_ids, Asset.phone, Asset.website, Asset.gone_at,
            sa.func.ST_X(Asset.geom).label("lon"), sa.func.ST_Y(Asset.geom).label("lat"),
        )
        .where(Asset.import_run_id == run_id, Asset.gone_at.is_(None))
        .order_by(Asset.name)
        .limit(limit)
    )  # fmt: skip
    return connection.execute(asked).all()


def newest_run(connection: sa.Connection) -> int:
    """Return the number of the import run this transaction began last."""
    return int(connection.execute(sa.text("SELECT max(id) FROM import_runs")).scalar_one())
