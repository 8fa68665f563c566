from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.enums import ReservationStatus
from booking.models import Counselor, OpeningWindow, Reservation
from tests.factories import CounselorFactory, ReservationFactory, SeekerFactory, ServiceFactory, jst
from tests.seeker.conftest import agree


def times_page(client, service, **query):
    return client.get(reverse("booking:times", args=[service.pk]), query)


def test_each_time_is_offered_once_with_the_number_of_places_left(client, service):
    page = times_page(client, service).content.decode()
    first = 'value="2026-06-02T10:00+09:00">10:00<small>残り2</small>'
    assert page.count(first) == 1
    ReservationFactory.create(service=service, counselor=service.counselors.first(), starts_at=jst(6, 2, 10))
    assert first.replace("残り2", "残り1") in times_page(client, service).content.decode()


def test_a_full_time_is_not_offered(client, service):
    for counselor in service.counselors.all():
        ReservationFactory.create(service=service, counselor=counselor, starts_at=jst(6, 2, 10))
    assert "2026-06-02T10:00+09:00" not in times_page(client, service).content.decode()


def test_the_next_free_time_comes_first(client, service):
    days = times_page(client, service).context["days"]
    assert (days[0].day, days[0].times[0].clock) == (date(2026, 6, 2), "9:00")


def test_a_chosen_counselor_narrows_the_times_and_is_sent_along(client, service):
    chosen = service.counselors.first()
    page = times_page(client, service, counselor=chosen.pk).content.decode()
    assert "残り2" not in page
    assert f'name="counselor" value="{chosen.pk}"' in page


@pytest.mark.parametrize("value", ["0", "x", "99999999999999999999"])
def test_a_counselor_who_does_not_offer_the_service_is_ignored(client, service, value):
    assert "残り2" in times_page(client, service, counselor=value).content.decode()


def test_when_nothing_is_free_the_page_says_so_and_gives_the_phone(client, service):
    OpeningWindow.objects.all().delete()
    page = times_page(client, service).content.decode()
    assert "いま予約できる時間がありません" in page
    assert service.office.phone in page


def test_a_running_hold_is_shown_with_the_way_back_to_it(way):
    held = way.hold(jst(6, 2, 10))
    page = times_page(way.client, way.service).content.decode()
    assert reverse("booking:details", args=[held.number]) in page


# --- Choosing ---


def test_choosing_a_time_holds_it_for_ten_minutes_and_asks_for_the_details(way, seeker, now):
    answer = way.choose(jst(6, 2, 10))
    held = Reservation.objects.get()
    assert answer.url == reverse("booking:details", args=[held.number])
    assert (held.seeker, held.status, held.starts_at) == (seeker, ReservationStatus.HELD, jst(6, 2, 10))
    assert held.hold_expires_at == now + timedelta(minutes=10)


def test_choosing_another_time_gives_the_first_back(way):
    first = way.hold(jst(6, 2, 10))
    second = way.hold(jst(6, 2, 11))
    first.refresh_from_db()
    assert (first.status, second.status) == (ReservationStatus.RELEASED, ReservationStatus.HELD)


def test_the_chosen_counselor_gets_the_hold(way):
    chosen = way.service.counselors.last()
    held = way.hold(jst(6, 2, 10), counselor=chosen.pk)
    assert (held.counselor, held.counselor_was_chosen) == (chosen, True)


def test_giving_up_returns_the_time(way):
    held = way.hold(jst(6, 2, 10))
    answer = way.client.post(way.url("release", held.number))
    held.refresh_from_db()
    assert held.status == ReservationStatus.RELEASED
    assert answer.url == way.url("times")


def test_giving_up_needs_a_post(way):
    held = way.hold(jst(6, 2, 10))
    assert way.client.get(way.url("release", held.number)).status_code == 405


def test_the_choice_lives_through_signing_in(client, service, seeker):
    answer = client.post(reverse("booking:hold", args=[service.pk]), {"start": jst(6, 2, 10).isoformat()})
    assert not Reservation.objects.exists()
    asked = client.get(answer.url)
    assert asked.url.startswith(reverse("account_login"))
    client.force_login(seeker)
    page = client.get(answer.url)
    assert "2026年6月2日(火) 10:00" in page.content.decode()
    client.post(reverse("booking:hold", args=[service.pk]), {"start": page.context["choice"]["start"].isoformat()})
    assert Reservation.objects.get().starts_at == jst(6, 2, 10)


def test_the_choice_lives_through_a_registration_that_lost_next(client, service, seeker):
    url = client.post(reverse("booking:hold", args=[service.pk]), {"start": jst(6, 2, 10).isoformat()}).url
    client.force_login(seeker)
    assert client.get(reverse("home")).url == url
    assert url in client.get(reverse("booking:my_page")).content.decode().replace("&amp;", "&")
    client.post(reverse("booking:hold", args=[service.pk]), {"start": jst(6, 2, 10).isoformat()})
    assert client.get(reverse("home")).url == reverse("booking:my_page")


@pytest.mark.requirement("J-02")
def test_without_consent_to_the_portal_terms_nothing_is_held(client, service, portal_terms):
    person = SeekerFactory.create()
    client.force_login(person)
    answer = client.post(reverse("booking:hold", args=[service.pk]), {"start": jst(6, 2, 10).isoformat()})
    assert not Reservation.objects.exists()
    assert client.get(answer.url).url.startswith(reverse("terms:consent"))
    agree(person, [portal_terms.document])
    assert client.get(answer.url).status_code == 200


# --- Hand-made requests ---

FORGED = [
    pytest.param(jst(6, 1, 11), "times", id="today, after the booking closed"),
    pytest.param(jst(5, 29, 10), "times", id="a past day"),
    pytest.param(jst(7, 2, 10), "times", id="more than a month ahead"),
    pytest.param(jst(6, 2, 18), "taken", id="outside the hours"),
    pytest.param(jst(6, 2, 10, 10), "taken", id="between two starts"),
    pytest.param(jst(6, 6, 10), "taken", id="a Saturday"),
]


@pytest.mark.parametrize(("start", "page"), FORGED)
def test_a_time_that_is_not_offered_is_politely_refused(way, start, page):
    answer = way.choose(start)
    assert answer.url.startswith(way.url(page))
    assert way.client.get(answer.url).status_code == 200
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("start", ["", "x", "2026-06-02T10:00", "2026-13-40T10:00+09:00"])
def test_a_start_that_is_no_moment_leads_back_to_the_times(way, start):
    answer = way.client.post(way.url("hold"), {"start": start})
    assert answer.url == way.url("times")
    assert way.client.get(way.url("hold"), {"start": start}).url == way.url("times")
    assert way.client.get(way.url("taken"), {"start": start}).url == way.url("times")


def test_a_counselor_of_another_service_cannot_be_booked_through_this_one(way):
    stranger = CounselorFactory.create()
    answer = way.choose(jst(6, 2, 10), counselor=stranger.pk)
    assert answer.url == way.url("times")
    assert not Reservation.objects.exists()


def test_after_the_last_place_the_page_offers_the_three_nearest_times(way):
    for counselor in way.service.counselors.all():
        ReservationFactory.create(service=way.service, counselor=counselor, starts_at=jst(6, 2, 10))
    answer = way.client.get(way.choose(jst(6, 2, 10)).url)
    assert [button.clock for button in answer.context["times"]] == ["9:00", "9:30", "10:30"]
    assert "たったいま埋まりました" in answer.content.decode()


def test_the_booking_step_is_rate_limited(way, settings):
    settings.BOOKING_RATE_LIMITS = {"user": "2/hour"}
    statuses = [way.choose(jst(6, 2, hour)).status_code for hour in (9, 10, 11)]
    assert statuses == [302, 302, 429]
    assert Reservation.objects.holds().get().starts_at == jst(6, 2, 10)


# --- Size ---


def two_thousand_places():
    """10 counselors × 10 days × 20 half-hours, 500 of them taken."""
    service = ServiceFactory.create(hours=[(day, time(8), time(18)) for day in range(5)])
    hours = [(day, time(8), time(18)) for day in range(5)]
    counselors = CounselorFactory.create_batch(10, office=service.office, services=[service], windows=hours)
    OpeningWindow.objects.update(begins_on=date(2026, 6, 2), ends_on=date(2026, 6, 15))
    seekers = SeekerFactory.create_batch(10)
    for index, counselor in enumerate(counselors[:5]):
        for day in [2, 3, 4, 5, 8, 9, 10, 11, 12, 15]:
            start = jst(6, day, 8)
            Reservation.objects.bulk_create(
                Reservation(
                    office=service.office,
                    service=service,
                    counselor=counselor,
                    seeker=seekers[index],
                    starts_at=start + timedelta(minutes=30 * half),
                    ends_at=start + timedelta(minutes=30 * half + 30),
                    status=ReservationStatus.CONFIRMED,
                    reserved_at=start,
                )
                for half in range(10)
            )
    return service


@pytest.mark.parametrize("is_signed_in", [False, True], ids=["anonymous", "signed in with a hold"])
def test_two_thousand_places_take_twelve_queries_and_eighty_kilobytes_at_most(client, seeker, now, is_signed_in):
    service = two_thousand_places()
    assert Counselor.objects.count() == 10
    if is_signed_in:
        client.force_login(seeker)
        client.post(reverse("booking:hold", args=[service.pk]), {"start": jst(6, 2, 8).isoformat()})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = times_page(client, service)
    assert sum(time.places for day in answer.context["days"] for time in day.times) == 1500
    assert len(queries) <= 12, [query["sql"] for query in queries]
    assert len(answer.content) < 80_000
