"""What a manager may choose for a service of the own office."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.test import Client

from tests.factories import TermsDocumentFactory


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
