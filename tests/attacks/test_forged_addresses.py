"""What no button sends: moments outside the calendar, NUL in addresses. Each gets a polite refusal, none an error 500."""

import pytest
from django.urls import reverse

from booking.models import Reservation
from tests.factories import jst

IMPOSSIBLE_MOMENTS = [
    "9999-12-31T23:59:59+00:00",
    "9999-12-31T23:00-12:00",
    "0001-01-01T00:00+09:00",
    "0001-01-01T00:00+23:59",
    "0001-01-02T00:00+00:00",
    "1999-12-31T23:59+00:00",
    "2200-01-01T00:00+00:00",
]


@pytest.mark.parametrize("moment", IMPOSSIBLE_MOMENTS)
@pytest.mark.parametrize("page", ["taken", "hold"])
def test_a_moment_outside_our_time_leads_back_to_the_times(signed_in, service, page, moment) -> None:
    answer = signed_in.get(reverse(f"booking:{page}", args=[service.pk]), {"start": moment})

    assert answer.url == reverse("booking:times", args=[service.pk])


@pytest.mark.parametrize("moment", IMPOSSIBLE_MOMENTS)
def test_a_moment_outside_our_time_holds_nothing(way, moment) -> None:
    answer = way.client.post(way.url("hold"), {"start": moment})

    assert answer.url == way.url("times")
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("moment", ["2026-06-02T10:00", "2026-06-02", "20260602", "２０２６-06-02T10:00+09:00", "\x00"])
def test_a_moment_without_its_offset_holds_nothing(way, moment) -> None:
    assert way.client.post(way.url("hold"), {"start": moment}).url == way.url("times")
    assert not Reservation.objects.exists()


def test_the_same_moment_in_another_time_zone_is_the_same_time(way) -> None:
    answer = way.client.post(way.url("hold"), {"start": "2026-06-01T20:00-05:00"})

    assert Reservation.objects.get(number=answer.url.split("/")[2]).starts_at == jst(6, 2, 10)


@pytest.mark.parametrize(
    "path",
    [
        "/reservations/%00/",
        "/reservations/AB%00CD/cancel/",
        "/reservations/%00/details/",
        "/offices/%00/",
        "/terms/consent/?for=%00",
        "/?anything=%00",
    ],
)
def test_nul_in_an_address_is_a_bad_request(signed_in, path) -> None:
    assert signed_in.get(path).status_code == 400


@pytest.mark.parametrize("query", ["status__exact=%00", "status__exact=a%00", "office__id__exact=%00"])
def test_nul_in_an_address_of_the_admin_is_a_bad_request(client_of, world, query) -> None:
    answer = client_of(world.reception).get(reverse("admin:booking_reservation_changelist") + f"?{query}")

    assert answer.status_code == 400


@pytest.mark.parametrize("key", ["9" * 30, "0", "-1"])
def test_a_key_that_no_row_has_is_not_found(signed_in, service, key) -> None:
    assert signed_in.get(f"/services/{key}/").status_code == 404
    assert signed_in.get(f"/services/{key}/times/").status_code == 404


@pytest.mark.parametrize("charset", ["utf-7", "hex", "idna", "utf-16", "nowhere"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_in_another_character_set_is_a_bad_request(signed_in, charset, kind) -> None:
    answer = signed_in.generic("POST", reverse("account_logout"), b"a=1", content_type=f"{kind}; charset={charset}")

    assert answer.status_code == 400


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8"])
def test_a_form_in_utf_8_is_read(signed_in, charset) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"

    assert signed_in.generic("POST", reverse("account_logout"), b"a=1", content_type=kind).status_code == 302
