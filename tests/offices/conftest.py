from datetime import datetime
from typing import Any

import pytest

from offices.models import Announcement
from tests.factories import NOW
from tests.staff.conftest import client_of, world

__all__ = ["client_of", "world"]


@pytest.fixture(autouse=True)
def now(db: None, freeze: Any) -> datetime:
    """Monday 2026-06-01 10:00 in Japan."""
    return freeze(NOW)


def announce(title: str = "夏の相談会", **fields: Any) -> Announcement:
    """National, and published for an hour, unless told otherwise."""
    return Announcement.objects.create(**{"title": title, "body": "本文です。", "published_from": NOW, **fields})
