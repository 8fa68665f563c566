"""A room serves sessions that touch only if everybody who entered it says that it has a lobby (S-24)."""

import pytest

from booking.enums import MeetingState
from booking.errors import BookingError
from booking.flows.link import enter_link
from booking.rules.links import one_spelling
from tests.factories import NOW
from tests.links.conftest import allowed_hosts, booked, link, meeting_of, service

__all__ = ["allowed_hosts", "service"]

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-24")]


def test_a_lobby_that_only_the_second_claims_opens_no_door_into_the_first(service) -> None:
    first = booked(service)
    enter_link(first, link=link(), now=NOW)
    second = booked(service, starts_at=first.ends_at)

    with pytest.raises(BookingError) as refused:
        enter_link(second, link=link(has_lobby=True), now=NOW)

    assert refused.value.code == "link_in_use"
    assert meeting_of(second).state == MeetingState.MISSING


def test_once_the_first_is_said_to_have_one_too_both_may_use_it(service) -> None:
    first = booked(service)
    enter_link(first, link=link(), now=NOW)
    enter_link(first, link=link(has_lobby=True), reason="待機室があります", now=NOW)

    assert enter_link(booked(service, starts_at=first.ends_at), link=link(has_lobby=True), now=NOW).can_be_entered


@pytest.mark.parametrize("port", [":", ":443"])
def test_a_port_that_says_nothing_is_no_other_room(port: str) -> None:
    assert one_spelling(f"https://TeleOffice.example{port}/room/1") == "https://teleoffice.example/room/1"
