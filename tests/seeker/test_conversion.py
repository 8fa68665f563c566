"""Who registered online only is told before booking that this changes with a session (H-14)."""

import pytest
from django.urls import reverse

from booking.enums import BookingWay
from tests.factories import bookable_service, jst
from tests.seeker.conftest import Way

WORDS = "ハローワーク利用登録者に切り替わります"


@pytest.mark.requirement("H-14", "S-16")
@pytest.mark.parametrize("tells", [True, False])
def test_the_service_page_tells_it_before_anything_is_chosen(client, now, tells):
    service = bookable_service(tells_conversion=tells)
    assert (WORDS in client.get(reverse("booking:service", args=[service.pk])).content.decode()) is tells


@pytest.mark.requirement("H-14")
def test_so_does_the_page_of_the_details(client, now, seeker):
    way = Way(client, bookable_service(tells_conversion=True))
    client.force_login(seeker)
    held = way.hold(jst(6, 2, 10))
    assert WORDS in client.get(way.url("details", held.number)).content.decode()


@pytest.mark.requirement("H-14")
def test_so_does_the_form_without_an_account(client, now, portal_terms):
    service = bookable_service(tells_conversion=True, way=BookingWay.MAIL_LINK)
    page = client.post(reverse("booking:hold", args=[service.pk]), {"start": jst(6, 2, 10).isoformat()}, follow=True)
    assert WORDS in page.content.decode()
