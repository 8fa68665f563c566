"""A few お知らせ, so that the pages show what they look like."""

from datetime import date, datetime, time, timedelta

from booking.clock import at
from offices.enums import AnnouncementKind
from offices.models import Announcement, Office

BEGUN_BEFORE = timedelta(days=3)
STOPS_IN = timedelta(days=10)


def load_announcements(offices: dict[str, Office], *, today: date, now: datetime) -> None:
    """A notice and a planned stop of the portal, and a notice of one office."""
    begun = now - BEGUN_BEFORE
    stop = today + STOPS_IN
    Announcement.objects.create(
        kind=AnnouncementKind.STOP,
        title="システムの点検のため、夜間に停止します（見本）",
        body="設備の点検のため、このサイトを停止します。停止のあいだは、予約、取消、日時の変更ができません。\n"
        "お急ぎのときは、ハローワークの開いている時間にお電話ください。",
        published_from=begun,
        stop_begins_at=at(stop, time(23)),
        stop_ends_at=at(stop + timedelta(days=1), time(5)),
    )
    Announcement.objects.create(
        title="スマートフォンからの参加のしかたをまとめました（見本）",
        body="「困ったとき・電話」のページに、スマートフォンで参加するときの準備をまとめました。",
        published_from=begun - timedelta(days=7),
    )
    Announcement.objects.create(
        office=offices["kobayashi"],
        title="電話のつながりにくい時間について（見本）",
        body="月曜日の午前は電話が混み合います。予約の取消は、マイページからもできます。",
        published_from=begun,
    )
