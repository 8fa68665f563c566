"""What stays of a request: when the account goes, and when its time is over."""

from datetime import timedelta

import pytest
from django.conf import settings

from accounts.deletion import delete_account
from booking.enums import RequestState, ReservationStatus
from booking.flows.arrange import accept_wish, propose, withdraw_request
from booking.models import Reservation, SessionRequest
from booking.retention import purge_topics, strip_old_reservations
from mailing.models import OutgoingMail
from tests.arranged.conftest import TEN
from tests.factories import NOW, UserFactory, jst

SECOND = timedelta(seconds=1)
TOPIC_STAYS = settings.RETENTION["topic"]


@pytest.fixture
def staff(db):
    return UserFactory(is_staff=True)


@pytest.mark.requirement("J-13")
def test_deleting_the_account_withdraws_and_strips_the_request(ask, seeker, counselor, staff):
    propose(ask(), starts_at=jst(6, 8, 15), counselor=counselor, by=staff, now=NOW)
    delete_account(seeker, now=NOW, request=None)
    asked = SessionRequest.objects.get()
    assert asked.state == RequestState.WITHDRAWN
    assert (asked.name, asked.kana, asked.phone, asked.phone_e164, asked.topic) == ("", "", "", "", "")
    assert Reservation.objects.get().status == ReservationStatus.DECLINED


def test_nobody_who_left_is_written_to(ask, seeker, now):
    asked = ask()
    seeker.is_active = False
    seeker.save()
    asked.refresh_from_db()
    assert asked.email == ""


@pytest.mark.parametrize(
    ("later", "topic"), [(-SECOND, "応募書類"), (timedelta(0), "")], ids=["just before", "at 90 days"]
)
def test_the_topic_of_a_request_that_came_to_nothing_goes_after_90_days(ask, seeker, later, topic):
    withdraw_request(ask(), by=seeker, now=NOW)
    purge_topics(NOW + TOPIC_STAYS + later)
    assert SessionRequest.objects.get().topic == topic


def test_the_topic_of_an_agreed_request_goes_with_its_session(ask, counselor, staff):
    end = accept_wish(ask(), starts_at=TEN, counselor=counselor, by=staff, now=NOW).ends_at
    purge_topics(end + TOPIC_STAYS - SECOND)
    assert SessionRequest.objects.get().topic
    purge_topics(end + TOPIC_STAYS)
    assert not SessionRequest.objects.get().topic


def test_an_open_request_keeps_its_topic(ask):
    ask()
    purge_topics(NOW + TOPIC_STAYS * 4)
    assert SessionRequest.objects.get().topic


@pytest.mark.parametrize("is_old", [False, True], ids=["still kept", "years later"])
def test_old_requests_lose_what_tells_who_it_was(ask, seeker, is_old):
    withdraw_request(ask(), by=seeker, now=NOW)
    years = settings.FISCAL_YEARS_KEPT + (1 if is_old else 0)
    strip_old_reservations(jst(4, 1, year=2026 + years))
    assert (SessionRequest.objects.get().name == "") == is_old


@pytest.mark.requirement("S-38")
def test_mails_go_to_the_address_of_the_account(ask, seeker):
    ask()
    assert OutgoingMail.objects.get().to == seeker.email
