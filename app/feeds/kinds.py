"""Who reads which kind of feed: listed here and nowhere else."""

from __future__ import annotations

from app.feeds.refresh_ical import refresh as refresh_ical
from app.feeds.refresh_openactive import refresh as refresh_openactive
from app.feeds.refresh_oruk import refresh as refresh_oruk
from app.feeds.refreshing import Refresher
from app.models import FeedKind

REFRESHERS: dict[FeedKind, Refresher] = {
    FeedKind.ORUK: refresh_oruk,
    FeedKind.ICAL: refresh_ical,
    FeedKind.OPENACTIVE: refresh_openactive,
}
