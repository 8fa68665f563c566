"""What stands above every page: planned stops from the day before on, and urgent announcements of the portal (J-21, J-22)."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from redis import RedisError

from audit.record import record
from offices.models import Announcement

logger = logging.getLogger(__name__)

BANNERS = "announcement_banners"
KEPT_FOR = timedelta(seconds=60)
"""How long the pages of all web processes live on one question to the database."""


@dataclass(frozen=True, kw_only=True)
class Banner:
    title: str
    url: str
    stop_begins_at: datetime | None
    stop_ends_at: datetime | None
    shown_from: datetime
    shown_until: datetime | None

    def is_shown(self, *, now: datetime) -> bool:
        return self.shown_from <= now and (self.shown_until is None or now < self.shown_until)


def banners(now: datetime) -> list[Banner]:
    """Only national ones: what an office announces stands on the page of the office. Exact to the second."""
    return [banner for banner in _known_banners(now) if banner.is_shown(now=now)]


def _known_banners(now: datetime) -> list[Banner]:
    """Those of the next minute too, so that none begins or ends late because of the cache."""
    try:
        known: list[Banner] | None = cache.get(BANNERS)
        if known is None:
            known = _banners_of(now)
            cache.set(BANNERS, known, KEPT_FOR.total_seconds())
    except RedisError:
        logger.warning("banners are read from the database: Redis does not answer")
        return _banners_of(now)
    return known


def _banners_of(now: datetime) -> list[Banner]:
    rows = Announcement.objects.national().public(now + KEPT_FOR).not_over(now)
    return [
        Banner(
            title=row.title,
            url=row.get_absolute_url(),
            stop_begins_at=row.stop_begins_at,
            stop_ends_at=row.stop_ends_at,
            shown_from=row.banner_from,
            shown_until=row.ends_at,
        )
        for row in rows
        if row.banner_from
    ]


def forget_banners() -> None:
    """After a change, once it is committed; without Redis they are forgotten by themselves within a minute."""
    transaction.on_commit(_forget_banners)


def _forget_banners() -> None:
    try:
        cache.delete(BANNERS)
    except RedisError:
        logger.warning("banners are not forgotten before their time: Redis does not answer")


@transaction.atomic
def withdraw(announcement: Announcement, *, by: Any, now: datetime, request: HttpRequest) -> None:
    """Nobody reads it any more; the row stays. One that is withdrawn already stays as it is."""
    if announcement.withdrawn_at is None:
        _set_withdrawn(announcement, now, "announcement.withdrawn", by=by, request=request)


@transaction.atomic
def publish_again(announcement: Announcement, *, by: Any, now: datetime, request: HttpRequest) -> None:
    """As if it had not been withdrawn: its days of publication stay."""
    if announcement.withdrawn_at is not None:
        _set_withdrawn(announcement, None, "announcement.published_again", by=by, request=request)


def _set_withdrawn(
    announcement: Announcement, moment: datetime | None, action: str, *, by: Any, request: HttpRequest
) -> None:
    announcement.withdrawn_at = moment
    announcement.save(update_fields=["withdrawn_at"])
    forget_banners()
    number = announcement.office.number if announcement.office else ""
    record(action, actor=by, subject=str(announcement.pk), office_number=number, request=request)
