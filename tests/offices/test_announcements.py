"""お知らせ on the top page, on the page of the office, at its own address, and above every page."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from offices.announcements import BANNERS, withdraw
from offices.enums import AnnouncementKind
from offices.models import Announcement
from tests.factories import NOW, OfficeFactory, UserFactory, jst
from tests.offices.conftest import announce

TOP = "/"
LIST = "/announcements/"
SECOND = timedelta(seconds=1)


def planned_stop(title: str = "システムの点検", **fields: Any) -> Announcement:
    """From Friday 2026-06-05 22:00 to Saturday 6:00, announced today."""
    times = {"stop_begins_at": jst(6, 5, 22), "stop_ends_at": jst(6, 6, 6)}
    return announce(title, **{"kind": AnnouncementKind.STOP, **times, **fields})


def page(path: str) -> str:
    return Client().get(path).content.decode()


@pytest.mark.requirement("J-38")
class TestTopPage:
    def test_shows_what_the_portal_announces(self) -> None:
        made = announce("利用規約の変更について", kind=AnnouncementKind.TERMS)
        assert "利用規約の変更について" in page(TOP)
        assert made.get_absolute_url() in page(TOP)

    def test_leaves_out_what_an_office_announces(self) -> None:
        announce(office=OfficeFactory())
        assert "夏の相談会" not in page(TOP)

    def test_without_any_there_is_no_heading(self) -> None:
        assert "announcements-title" not in page(TOP)

    @pytest.mark.parametrize(
        ("moment", "is_shown"),
        [
            pytest.param(jst(6, 2, 9) - SECOND, False, id="one second before it is published"),
            pytest.param(jst(6, 2, 9), True, id="from its first second"),
            pytest.param(jst(6, 3, 9) - SECOND, True, id="until its last second"),
            pytest.param(jst(6, 3, 9), False, id="no longer when it is over"),
        ],
    )
    def test_shows_it_from_until(self, freeze: Any, moment: Any, is_shown: bool) -> None:
        announce(published_from=jst(6, 2, 9), published_until=jst(6, 3, 9))
        freeze(moment)
        assert ("夏の相談会" in page(TOP)) is is_shown

    def test_the_urgent_come_first_then_the_newest(self, freeze: Any) -> None:
        announce("最初", published_from=jst(5, 1))
        announce("次", published_from=jst(5, 2))
        announce("重要なもの", published_from=jst(4, 1), is_urgent=True)
        text = page(TOP).partition("announcements-title")[2]
        assert text.index("重要なもの") < text.index("次") < text.index("最初")

    def test_many_cost_as_many_queries_as_one(self) -> None:
        announce()
        page(TOP)
        with CaptureQueriesContext(connection) as one:
            page(TOP)
        for number in range(10):
            announce(f"お知らせ{number}")
        with CaptureQueriesContext(connection) as many:
            page(TOP)
        assert len(many) == len(one)


class TestPageOfTheOffice:
    def test_shows_its_own_and_not_those_of_others(self) -> None:
        office, other = OfficeFactory(), OfficeFactory()
        announce("こちらの臨時窓口", office=office)
        announce("よそのお知らせ", office=other)
        text = page(reverse("booking:office", args=[office.number]))
        assert "こちらの臨時窓口" in text
        assert "よそのお知らせ" not in text

    @pytest.mark.requirement("J-22")
    def test_a_part_of_the_system_may_stop_and_the_office_says_so(self) -> None:
        office = OfficeFactory()
        planned_stop("この安定所の受付を止めます", office=office)
        assert "この安定所の受付を止めます" in page(reverse("booking:office", args=[office.number]))


class TestAllAnnouncements:
    def test_each_keeps_its_address_when_it_is_over(self, freeze: Any) -> None:
        made = announce(published_until=jst(6, 3))
        freeze(jst(7, 1))
        assert "期間は終わりました" in page(made.get_absolute_url())
        assert "夏の相談会" in page(LIST)
        assert "終了" in page(LIST)

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"published_from": NOW + SECOND}, id="not yet published"),
            pytest.param({"withdrawn_at": NOW}, id="withdrawn"),
        ],
    )
    def test_what_is_not_public_does_not_exist(self, fields: dict[str, Any]) -> None:
        made = announce(**fields)
        assert Client().get(made.get_absolute_url()).status_code == 404
        assert "夏の相談会" not in page(LIST)
        assert "夏の相談会" not in page(TOP)

    def test_those_of_an_office_that_is_not_open_are_not_public(self) -> None:
        made = announce(office=OfficeFactory(is_active=False))
        assert Client().get(made.get_absolute_url()).status_code == 404

    def test_the_text_is_text_and_no_markup(self) -> None:
        made = announce(body="1行目\n2行目 <script>alert(1)</script>")
        text = page(made.get_absolute_url())
        assert "1行目<br>2行目 &lt;script&gt;" in text

    def test_twenty_stand_on_a_page(self) -> None:
        for number in range(21):
            announce(f"第{number}号です", published_from=NOW - timedelta(days=number))
        assert "第19号です" in page(LIST)
        assert "第20号です" not in page(LIST)
        assert "第20号です" in page(f"{LIST}?page=2")


@pytest.mark.requirement("J-21")
class TestPlannedStop:
    @pytest.mark.parametrize(
        ("moment", "is_shown"),
        [
            pytest.param(jst(6, 4) - SECOND, False, id="two days before"),
            pytest.param(jst(6, 4), True, id="from 0:00 of the day before"),
            pytest.param(jst(6, 6, 6) - SECOND, True, id="until it is over"),
            pytest.param(jst(6, 6, 6), False, id="no longer when it is over"),
        ],
    )
    @pytest.mark.parametrize("path", ["/", "/help/", "/accounts/login/", "/terms/"])
    def test_it_stands_above_every_page(self, freeze: Any, path: str, moment: Any, is_shown: bool) -> None:
        planned_stop()
        freeze(moment)
        assert ("2026年6月5日(金) 22:00から2026年6月6日(土) 6:00まで" in page(path)) is is_shown

    def test_it_stands_above_the_pages_of_the_staff_too(self, world: Any, client_of: Any, freeze: Any) -> None:
        planned_stop()
        freeze(jst(6, 5))
        assert "このサイトを停止します" in client_of(world.counselor).get("/admin/").content.decode()

    def test_it_is_on_the_top_page_as_soon_as_it_is_published(self) -> None:
        planned_stop()
        assert "システムの点検" in page(TOP)

    def test_a_page_that_was_asked_for_before_does_not_delay_it(self, freeze: Any) -> None:
        """The banners of the next minute are in the cache already, and none is shown for too long."""
        planned_stop()
        freeze(jst(6, 4) - SECOND)
        page("/help/")
        freeze(jst(6, 4))
        assert "システムの点検" in page("/help/")
        freeze(jst(6, 6, 6) - SECOND)
        cache.clear()
        page("/help/")
        freeze(jst(6, 6, 6))
        assert "システムの点検" not in page("/help/")

    def test_an_office_that_stops_says_so_on_its_own_page_only(self, freeze: Any) -> None:
        planned_stop(office=OfficeFactory())
        freeze(jst(6, 5))
        assert "システムの点検" not in page("/help/")

    def test_it_is_announced_beforehand(self) -> None:
        with pytest.raises(IntegrityError, match="planned_stop_announced_beforehand"), transaction.atomic():
            planned_stop(published_from=jst(6, 5, 22))
        planned_stop(published_from=jst(6, 5, 22) - SECOND)

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"stop_ends_at": None}, id="without an end"),
            pytest.param({"stop_begins_at": None}, id="without a beginning"),
            pytest.param({"kind": AnnouncementKind.NOTICE}, id="a notice that stops something"),
            pytest.param({"stop_ends_at": jst(6, 5, 22)}, id="no time at all"),
            pytest.param({"published_until": NOW}, id="published for no time"),
        ],
    )
    def test_what_says_nothing_clear_is_refused(self, fields: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            planned_stop(**fields)

    def test_people_are_told_what_is_wrong_in_words(self) -> None:
        wrong = Announcement(title="x", body="x", kind=AnnouncementKind.STOP, published_from=NOW)
        with pytest.raises(ValidationError, match="停止の開始と終了"):
            wrong.full_clean()


class TestBanners:
    @pytest.mark.requirement("J-22")
    def test_a_stop_nobody_planned_is_an_urgent_announcement_above_every_page_at_once(self) -> None:
        page("/help/")
        cache.delete(BANNERS)
        announce("ただいま停止しています", is_urgent=True)
        assert "ただいま停止しています" in page("/help/")

    def test_what_is_not_urgent_is_not_above_every_page(self) -> None:
        announce()
        assert "夏の相談会" not in page("/help/")

    def test_pages_ask_the_database_once_a_minute(self) -> None:
        planned_stop(is_urgent=True)
        with CaptureQueriesContext(connection) as first:
            page("/accessibility/")
        with CaptureQueriesContext(connection) as second:
            page("/accessibility/")
        assert len(second) == len(first) - 1

    def test_without_redis_pages_show_them_all_the_same(self, settings: Any) -> None:
        announce("ただいま停止しています", is_urgent=True)
        location = {"LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {"default": {**settings.CACHES["default"], **location}}
        assert "ただいま停止しています" in page("/help/")

    def test_a_withdrawn_one_is_gone_at_once(self, django_capture_on_commit_callbacks: Any) -> None:
        made = announce("まちがい", is_urgent=True)
        assert "まちがい" in page("/help/")
        administrator = UserFactory(is_staff=True, is_superuser=True)
        with django_capture_on_commit_callbacks(execute=True):
            withdraw(made, by=administrator, now=NOW, request=None)
        assert "まちがい" not in page("/help/")
