from datetime import time, timedelta

import pytest
from django.urls import reverse

from booking.enums import CancelChannel
from booking.views.pages import NATIONAL
from tests.factories import OfficeFactory, ServiceFactory

PUBLIC = ["start", "help", "accessibility"]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_page_opens_without_sign_in_and_asks_no_consent(client, service, portal_terms, name):
    answer = client.get(reverse(f"booking:{name}"))
    assert answer.status_code == 200
    assert service.office.name in answer.content.decode() or name == "accessibility"


def test_the_start_lists_offices_with_their_open_services(client, service):
    closed = ServiceFactory.create(office=service.office, name="休止中の相談", is_active=False)
    page = client.get(reverse("booking:start")).content.decode()
    assert service.name in page
    assert closed.name not in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("start", ["選んだ時間は7分間", "開始8分前から"], id="start"),
        pytest.param("help", ["開始8分前から"], id="help"),
        pytest.param("accessibility", ["時間を押さえておける7分"], id="accessibility"),
    ],
)
def test_the_minutes_told_are_those_of_the_policy(client, service, monkeypatch, name, words):
    monkeypatch.setitem(NATIONAL, "hold_lasts", timedelta(minutes=7))
    monkeypatch.setitem(NATIONAL, "join_opens_before", timedelta(minutes=8))
    page = client.get(reverse(f"booking:{name}")).content.decode()
    assert all(word in page for word in words)


def test_an_office_without_open_service_is_not_listed_on_the_start(client, service):
    empty = OfficeFactory.create(name="ハローワーク準備中")
    assert empty.name not in client.get(reverse("booking:start")).content.decode()


@pytest.mark.requirement("J-22")
@pytest.mark.parametrize("name", ["office", "service", "times"])
def test_a_closed_office_and_its_services_do_not_exist(client, service, name):
    service.office.is_active = False
    service.office.save()
    key = service.office.number if name == "office" else service.pk
    assert client.get(reverse(f"booking:{name}", args=[key])).status_code == 404


def test_the_office_page_says_hours_rules_and_phone(client, service):
    page = client.get(reverse("booking:office", args=[service.office.number])).content.decode()
    for words in ("月〜金 9:00〜17:00", "1か月前の同じ日から、前日の24:00まで", service.office.phone, "30分"):
        assert words in page


RULES = [
    pytest.param({}, "開始時刻まで、", id="until the start"),
    pytest.param({"cancel_closes_days_before": 1}, "前日の24:00まで、", id="until the end of the day before"),
    pytest.param({"cancel_closes_at": time(9)}, "当日の9:00まで、", id="until nine on the day"),
    pytest.param({"cancel_closes_days_before": 2, "cancel_closes_at": time(17)}, "2日前の17:00まで、", id="two days"),
    pytest.param({"cancel_channel": CancelChannel.PHONE}, "取消や変更は電話で", id="by phone"),
]


@pytest.mark.parametrize(("fields", "words"), RULES)
@pytest.mark.requirement("K-23")
def test_the_service_page_says_how_to_cancel(client, now, fields, words):
    service = ServiceFactory.create(**fields)
    assert words in client.get(reverse("booking:service", args=[service.pk])).content.decode()


def test_hours_that_differ_by_day_are_listed_apart(client, now):
    hours = [(0, time(10), time(12)), (2, time(10), time(12)), (5, time(13), time(17, 30))]
    service = ServiceFactory.create(hours=hours)
    page = client.get(reverse("booking:service", args=[service.pk])).content.decode()
    assert "月・水 10:00〜12:00" in page
    assert "土 13:00〜17:30" in page


def test_the_sample_notice_stands_only_on_a_sample_installation(client, service, settings):
    notice = "これは見本です"
    assert notice not in client.get("/").content.decode()
    settings.DEMO = True
    assert notice in client.get("/").content.decode()


def test_signing_in_leads_a_seeker_to_my_page_and_staff_to_the_admin(client, seeker):
    client.force_login(seeker)
    assert client.get(reverse("home")).url == reverse("booking:my_page")
    seeker.is_staff = True
    seeker.save()
    client.force_login(seeker)
    assert reverse("admin:index") in client.get(reverse("home")).url or "/2fa/" in client.get(reverse("home")).url
