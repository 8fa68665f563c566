"""The manager writes the office's own paragraphs, and looks at the mails before saving."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from booking.mails import preview
from booking.models import OfficeText, Reservation
from mailing.models import OutgoingMail
from tests.factories import ServiceFactory

ADD = "/admin/booking/officetext/add/"
PARKING = "当所に駐車場はありません。"


@pytest.fixture
def manager(world: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(world.manager)


@pytest.fixture
def typed(world: Any) -> dict[str, Any]:
    return {"office": world.office.pk, "service": "", "place": "contact", "language": "ja", "text": PARKING}


def errors_of(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


def test_the_manager_saves_a_paragraph(manager, typed):
    assert manager.post(ADD, typed).status_code == HTTPStatus.FOUND
    assert OfficeText.objects.get().text == PARKING


@pytest.mark.parametrize("role", ["counselor", "reception"])
def test_everybody_else_at_the_office_reads_it(world, client_of, typed, role):
    text = OfficeText.objects.create(office=world.office, place="contact", text=PARKING)
    browser = client_of(getattr(world, role))
    page = browser.get(f"/admin/booking/officetext/{text.pk}/change/").content.decode()
    assert PARKING in page
    assert 'name="_preview"' not in page
    assert browser.post(ADD, typed).status_code == HTTPStatus.FORBIDDEN
    assert browser.post(f"/admin/booking/officetext/{text.pk}/change/", typed).status_code == HTTPStatus.FORBIDDEN


def test_a_paragraph_of_another_office_does_not_exist(world, client_of):
    text = OfficeText.objects.create(office=world.office, place="contact", text=PARKING)
    answer = client_of(world.foreigner).get(f"/admin/booking/officetext/{text.pk}/change/", follow=True)
    assert PARKING not in answer.content.decode()


def test_nobody_writes_for_another_office_or_its_services(manager, world, typed):
    foreign = world.foreign_reservation.service
    assert "office" in errors_of(manager.post(ADD, {**typed, "office": world.foreign_office.pk}))
    assert "service" in errors_of(manager.post(ADD, {**typed, "service": foreign.pk}))


def test_a_service_belongs_to_the_office_of_the_paragraph(world, client_of, typed):
    national = client_of(world.national)
    answer = national.post(ADD, {**typed, "service": world.foreign_reservation.service.pk})
    assert errors_of(answer)["service"] == ["この安定所の相談メニューを選んでください。"]


def test_the_same_place_holds_one_paragraph(manager, typed, world):
    OfficeText.objects.create(office=world.office, place="contact", text=PARKING)
    assert "同じ相談メニュー、場所、言語の案内文がすでにあります。" in manager.post(ADD, typed).content.decode()


@pytest.mark.parametrize(
    "text",
    ["あ" * 1000, "\n".join("い" * 15), "https://www.hellowork.example/map\n地図です。"],
    ids=["1000 characters", "15 lines", "an address on its line"],
)
def test_what_may_be_written(manager, typed, text):
    assert manager.post(ADD, {**typed, "text": text}).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    "text",
    [
        "あ" * 1001,
        "\n".join("い" * 16),
        "鳴らす\x07文字",
        "逆さ\u202eの文字",
        "http://www.hellowork.example/",
        "javascript://www.hellowork.example/",
        "地図は https://www.hellowork.example/ です。",
        "https://a.example/\nhttps://b.example/\nhttps://c.example/",
    ],
    ids=[
        "1001 characters",
        "16 lines",
        "a control character",
        "text turned around",
        "an address without encryption",
        "an address of another kind",
        "an address among words",
        "three addresses",
    ],
)
def test_what_may_not_be_written(manager, typed, text):
    assert "text" in errors_of(manager.post(ADD, {**typed, "text": text}))
    assert not OfficeText.objects.exists()


def test_an_address_is_saved_with_a_warning(manager, typed):
    page = manager.post(ADD, {**typed, "text": "https://www.hellowork.example/map"}, follow=True)
    assert "迷惑メール設定" in page.content.decode()


# --- The preview ---


def test_the_preview_shows_whole_mails_and_saves_nothing(manager, typed):
    reservations = Reservation.objects.count()
    page = manager.post(ADD, {**typed, "_preview": "1"})
    html = page.content.decode()
    assert page.status_code == HTTPStatus.OK
    assert {sample.label for sample in page.context["samples"]} >= {"予約確定のお知らせ", "取消（本人）のお知らせ"}
    for part in ("見本 花子 様", "■ 参加のしかた", "■ 取り消すとき", PARKING, "このメールは自動で送っています。"):
        assert part in html
    assert not OfficeText.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert Reservation.objects.count() == reservations


def test_the_preview_keeps_what_was_typed(manager, typed):
    form = manager.post(ADD, {**typed, "_preview": "1"}).context["adminform"].form
    assert form["text"].value() == PARKING
    assert form["place"].value() == "contact"


def test_the_preview_of_a_change_leaves_the_saved_text(manager, world, typed):
    text = OfficeText.objects.create(office=world.office, place="contact", text=PARKING)
    address = f"/admin/booking/officetext/{text.pk}/change/"
    html = manager.post(address, {**typed, "text": "駅から歩いて5分です。", "_preview": "1"}).content.decode()
    assert "駅から歩いて5分です。" in html
    text.refresh_from_db()
    assert text.text == PARKING


def test_a_wrong_text_is_not_previewed(manager, typed):
    page = manager.post(ADD, {**typed, "text": "http://www.hellowork.example/", "_preview": "1"})
    assert "samples" not in page.context


def test_a_paragraph_about_the_preparation_is_shown_in_the_mails_that_have_the_part(manager, typed):
    page = manager.post(ADD, {**typed, "place": "preparation", "_preview": "1"})
    assert {sample.label for sample in page.context["samples"]} == {
        "予約確定のお知らせ",
        "前日のお知らせ",
        "予約確定（参加方法は後ほど）のお知らせ",
    }


def test_a_paragraph_that_no_mail_would_hold_says_so(manager, world, typed):
    OfficeText.objects.create(
        office=world.office, service=world.reservation.service, place="contact", text="この相談だけの案内です。"
    )
    page = manager.post(ADD, {**typed, "_preview": "1"})
    assert not page.context["samples"]
    assert "この案内文が入るメールはありません" in page.content.decode()
    ServiceFactory.create(office=world.office, name="別の相談")
    assert manager.post(ADD, {**typed, "_preview": "1"}).context["samples"]


def test_every_mail_of_the_preview_is_composed_for_a_status_it_speaks_of():
    assert all(status in status.__class__ for status in preview.SAMPLES.values())


def test_the_preview_leaves_the_focus_to_its_mails(manager, typed):
    focus = "admin/js/change_form.js"
    assert focus in manager.get(ADD).content.decode()
    assert focus not in manager.post(ADD, {**typed, "_preview": "1"}).content.decode()


def test_who_manages_one_office_need_not_choose_it(manager, client_of, world):
    assert manager.get(ADD).context["adminform"].form["office"].value() == world.office.pk
    assert client_of(world.national).get(ADD).context["adminform"].form["office"].value() is None
