"""Where the paragraphs stand in the mails that go out, and which of several is taken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from booking.enums import MailKind, ReservationStatus
from booking.mails import reservations as mails
from booking.mails.texts import office_texts
from booking.models import OfficeText, Reservation
from tests.booking_mails.conftest import book, open_meeting, portal, reservation, send_kind
from tests.factories import NOW, ServiceFactory
from tests.mailing.arrived import only, text_of

__all__ = ["book", "open_meeting", "portal", "reservation", "send_kind"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def write(reservation: Reservation) -> Callable[..., OfficeText]:
    def write(text: str, **more: Any) -> OfficeText:
        values = {"office": reservation.office, "place": "contact", **more}
        return OfficeText.objects.create(text=text, **values)

    return write


@pytest.fixture
def confirmation(book, open_meeting, send_kind, smtp_server) -> Callable[[], str]:
    def confirmation() -> str:
        open_meeting()
        book()
        send_kind(MailKind.CONFIRMED, now=NOW)
        return text_of(only(smtp_server))

    return confirmation


def test_the_paragraphs_stand_after_the_preparation_and_after_the_contact(write, confirmation):
    write("眼鏡をお持ちください。", place="preparation")
    write("当所に駐車場はありません。")
    text = confirmation()
    order = ["■ 準備していただくこと", "眼鏡をお持ち", "■ 取り消すとき", "受付時間", "当所に駐車場は", "--------"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_without_paragraphs_the_mail_has_no_gap(confirmation):
    assert "\n\n\n" not in confirmation()


@pytest.mark.parametrize(
    "typed",
    [
        "{{ name }} {{ service.preparation }}",
        "{% include 'base.html' %}{% now 'Y' %}",
        "{# 見えない #}",
        "<b>&amp;</b>",
    ],
)
def test_nothing_in_a_paragraph_is_read_as_a_template_or_markup(write, confirmation, typed):
    write(typed)
    assert typed in confirmation()


def test_a_long_line_is_folded_like_the_rest(write, confirmation):
    write("あ" * 50)
    assert "\n" + "あ" * 35 + "\n" + "あ" * 15 + "\n" in confirmation()


def test_a_cancellation_holds_the_contact_paragraph_too(reservation, write, send_kind, smtp_server):
    write("当所に駐車場はありません。")
    Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_SEEKER)
    mails.queue_cancellation(reservation, by_office=False, reason="", now=NOW)
    send_kind(MailKind.CANCELLED_BY_SEEKER, now=NOW)
    assert "当所に駐車場はありません。" in text_of(only(smtp_server))


def test_a_paragraph_of_another_office_or_service_stays_out(reservation, write, confirmation):
    other = ServiceFactory.create()
    write("よその案内", office=other.office)
    write("ほかの相談の案内", service=ServiceFactory.create(office=reservation.office))
    text = confirmation()
    assert "よその案内" not in text
    assert "ほかの相談の案内" not in text


@pytest.mark.parametrize(
    ("written", "read_in", "taken"),
    [
        ([(False, "ja")], "ja", "office ja"),
        ([(False, "ja"), (True, "ja")], "ja", "service ja"),
        ([(False, "ja"), (False, "en")], "en", "office en"),
        ([(False, "ja")], "en", "office ja"),
        ([(False, "en")], "ja", None),
        ([(True, "ja"), (False, "en")], "en", "service ja"),
        ([(True, "ja"), (True, "en"), (False, "en")], "en", "service en"),
    ],
    ids=[
        "the office's",
        "the service's own goes first",
        "the reader's language goes first",
        "Japanese where there is no other",
        "nothing in a language that nobody reads",
        "the service's own in Japanese before the office's",
        "the service's own in the reader's language",
    ],
)
def test_one_paragraph_is_taken_for_each_place(reservation, write, written, read_in, taken):
    for is_of_service, language in written:
        words = f"{'service' if is_of_service else 'office'} {language}"
        write(words, service=reservation.service if is_of_service else None, language=language)
    texts = office_texts(reservation.office, service=reservation.service, language=read_in)
    assert texts.get("contact") == taken


def test_a_mail_about_no_service_holds_the_offices_paragraph(reservation, write):
    write("当所に駐車場はありません。")
    write("この相談だけ", service=reservation.service)
    assert office_texts(reservation.office, service=None, language="ja") == {"contact": "当所に駐車場はありません。"}


def test_the_paragraphs_cost_one_query_however_many_there_are(reservation, write, django_assert_num_queries):
    for language in ("ja", "en", "vi"):
        for place in ("preparation", "contact"):
            write("x", language=language, place=place)
            write("y", language=language, place=place, service=reservation.service)
    with django_assert_num_queries(1):
        office_texts(reservation.office, service=reservation.service, language="vi")


def test_the_mail_is_in_the_language_of_the_person(reservation, write, book, open_meeting, send_kind, smtp_server):
    reservation.seeker.language = "en"
    reservation.seeker.save(update_fields=["language"])
    write("日本語の案内")
    write("There is no car park.", language="en")
    open_meeting()
    book()
    mail = send_kind(MailKind.CONFIRMED, now=NOW + timedelta(seconds=1))
    assert mail.language == "en"
    assert "There is no car park." in text_of(only(smtp_server))
    assert "日本語の案内" not in text_of(only(smtp_server))
