"""What a manager may choose for a service of the own office."""

from collections.abc import Callable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from booking.models import Service
from booking.policies import BookingPolicy
from tests.factories import TermsDocumentFactory, change_rules


def test_a_service_points_to_national_terms_or_to_those_of_the_own_office(
    world: Any, client_of: Callable[..., Client]
) -> None:
    TermsDocumentFactory.create(title="全国の規約", office_number="")
    TermsDocumentFactory.create(title="自所の規約", office_number=world.office.number)
    foreign = TermsDocumentFactory.create(title="他所の規約", office_number=world.foreign_office.number)
    service = world.reservation.service
    address = f"/admin/booking/service/{service.pk}/change/"
    client = client_of(world.manager)

    html = client.get(address).content.decode()
    assert "全国の規約" in html
    assert "自所の規約" in html
    assert "他所の規約" not in html

    answer = client.post(address, {"terms": foreign.pk})
    assert answer.status_code == HTTPStatus.OK
    service.refresh_from_db()
    assert service.terms != foreign


# --- Its rules ---


def new_service(world: Any, client: Client) -> Any:
    terms = TermsDocumentFactory(office_number=""), TermsDocumentFactory(office_number="", kind="software")
    form = {"office": world.office.pk, "name": "新しい相談", "position": 0, "is_active": "on", "phone_caller": "office"}
    form |= {"terms": terms[0].pk, "software_terms": terms[1].pk}
    return client.post("/admin/booking/service/add/", form, follow=True)


@pytest.mark.requirement("S-12")
def test_a_new_service_begins_with_the_national_rules_tomorrow(world: Any, client_of: Callable[..., Client]) -> None:
    html = new_service(world, client_of(world.manager)).content.decode()
    service = Service.objects.get(name="新しい相談")
    version = service.policy_versions.get()
    assert version.in_force_on == date(2026, 6, 2)
    assert version.policy == BookingPolicy(length=timedelta(minutes=30), step=timedelta(minutes=30))
    assert version.hours.count() == 5
    assert "全国の標準の規則が2026年6月2日" in html
    assert f"/admin/booking/policyversion/{version.pk}/change/" in html


def test_saving_a_service_again_begins_no_further_rules(world: Any, client_of: Callable[..., Client]) -> None:
    client = client_of(world.manager)
    new_service(world, client)
    service = Service.objects.get(name="新しい相談")
    form = {"office": world.office.pk, "name": "別の名前", "position": 0, "phone_caller": "office"}
    form |= {"terms": service.terms_id, "software_terms": service.software_terms_id}
    client.post(f"/admin/booking/service/{service.pk}/change/", form)
    service.refresh_from_db()
    assert (service.name, service.policy_versions.count()) == ("別の名前", 1)


def test_the_page_of_a_service_leads_to_its_versions(world: Any, client_of: Callable[..., Client]) -> None:
    service = world.reservation.service
    coming = change_rules(service, in_force_on=date(2026, 6, 10), note="夏の時間")
    change_rules(service, in_force_on=date(2026, 5, 1))
    html = client_of(world.reception).get(f"/admin/booking/service/{service.pk}/change/").content.decode()
    rows = [html.index(words) for words in ("2026年6月10日", "2026年5月1日", "2026年1月1日")]
    assert rows == sorted(rows)
    assert [state for state in ("これから", "施行中", "終了") if f"<td>{state}</td>" in html] == [
        "これから",
        "施行中",
        "終了",
    ]
    assert f"/admin/booking/policyversion/{coming.pk}/change/" in html
    assert "夏の時間" in html
