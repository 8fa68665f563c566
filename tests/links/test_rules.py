"""Which addresses staff may enter, and when the office is warned. Without a database."""

from datetime import date, timedelta

import pytest

from booking.rules.links import URL_MAX_LENGTH, is_missing_too_long, one_spelling, why_not_link
from offices.calendar import OfficeCalendar

HOSTS = ["teleoffice.example", "Meet.Example"]


@pytest.mark.requirement("S-24")
@pytest.mark.parametrize(
    "url",
    [
        "https://teleoffice.example/room/1",
        "https://room1.teleoffice.example/?id=1&pwd=a%20b#x",
        "https://meet.example/a-b_c~d",
    ],
)
def test_an_address_of_an_allowed_host_or_below_it_is_good(url: str) -> None:
    assert why_not_link(url, allowed_hosts=HOSTS) is None


@pytest.mark.requirement("S-24")
@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("http://teleoffice.example/1", "link_not_https", id="without encryption"),
        pytest.param("javascript:alert(1)", "link_not_https", id="a script"),
        pytest.param("//teleoffice.example/1", "link_not_https", id="no scheme"),
        pytest.param("https://teleoffice.example.evil.example/1", "link_host_not_allowed", id="the host as a prefix"),
        pytest.param("https://evilteleoffice.example/1", "link_host_not_allowed", id="the host as an ending"),
        pytest.param("https://evil.example/teleoffice.example", "link_host_not_allowed", id="the host in the path"),
        pytest.param("https://teleoffice.example.:443/1", "link_host_not_allowed", id="a dot after the host"),
        pytest.param("https://teleoffice.example:8443/1", "link_host_not_allowed", id="another port"),
        pytest.param("https://evil.example%2f.teleoffice.example/1", "link_host_not_allowed", id="an escaped slash"),
        pytest.param("https:///room/1", "link_host_not_allowed", id="no host"),
        pytest.param("https://me:secret@teleoffice.example/1", "link_unreadable", id="user and password"),
        pytest.param("https://teleoffice.example@evil.example/1", "link_unreadable", id="the host as a user"),
        pytest.param("https://evil.example\\.teleoffice.example/1", "link_unreadable", id="a backslash"),
        pytest.param("https://teleoffice.example/a b", "link_unreadable", id="a space"),
        pytest.param("https://teleoffice.example/a\tb", "link_unreadable", id="a tab"),
        pytest.param("https://teleoffice.example/\nhttps://evil.example/", "link_unreadable", id="a second line"),
        pytest.param("https://telеoffice.example/1", "link_unreadable", id="a Cyrillic letter"),
        pytest.param("https://[teleoffice.example/1", "link_unreadable", id="no address at all"),
        pytest.param("https://teleoffice.example:port/1", "link_unreadable", id="a port that is none"),
    ],
)
def test_every_other_address_is_refused(url: str, code: str) -> None:
    reason = why_not_link(url, allowed_hosts=HOSTS)
    assert reason is not None
    assert reason.code == code


def test_the_refusal_names_the_allowed_hosts() -> None:
    reason = why_not_link("https://evil.example/", allowed_hosts=HOSTS)
    assert reason is not None
    assert reason.facts["hosts"] == "teleoffice.example、Meet.Example"


def test_without_a_list_nothing_is_allowed() -> None:
    reason = why_not_link("https://teleoffice.example/", allowed_hosts=[])
    assert reason is not None
    assert reason.code == "no_link_hosts"


def test_the_length_has_an_end() -> None:
    start = "https://teleoffice.example/"
    longest = start + "a" * (URL_MAX_LENGTH - len(start))
    assert why_not_link(longest, allowed_hosts=HOSTS) is None
    reason = why_not_link(longest + "a", allowed_hosts=HOSTS)
    assert reason is not None
    assert reason.code == "link_too_long"


@pytest.mark.parametrize(
    "typed",
    [
        "https://teleoffice.example/Room",
        " HTTPS://TeleOffice.Example/Room ",
        "https://teleoffice.example:443/Room",
    ],
)
def test_the_same_room_has_one_spelling(typed: str) -> None:
    assert one_spelling(typed) == "https://teleoffice.example/Room"


def test_a_host_alone_is_its_first_page() -> None:
    assert one_spelling("https://teleoffice.example") == "https://teleoffice.example/"
    assert one_spelling("no address") == "no address"


# 2026-06-01 is a Monday; the office is closed on Thursday 4 June besides.
CALENDAR = OfficeCalendar(closed_days=frozenset({date(2026, 6, 4)}))
MONDAY, FAR = date(2026, 6, 1), date(2026, 7, 31)


def is_warned(*, since: date, session_on: date, today: date) -> bool:
    return is_missing_too_long(
        since=since, session_on=session_on, today=today, business_days_before=CALENDAR.business_days_before
    )


@pytest.mark.requirement("S-25")
@pytest.mark.parametrize(
    ("since", "first_day"),
    [
        pytest.param(date(2026, 6, 8), date(2026, 6, 11), id="Monday: Tuesday, Wednesday, Thursday"),
        pytest.param(MONDAY, date(2026, 6, 5), id="over a closed day"),
        pytest.param(date(2026, 6, 11), date(2026, 6, 16), id="over a weekend"),
        pytest.param(date(2026, 6, 6), date(2026, 6, 10), id="on a Saturday"),
    ],
)
def test_the_office_is_warned_from_the_third_business_day_after_the_booking(since: date, first_day: date) -> None:
    assert not is_warned(since=since, session_on=FAR, today=first_day - timedelta(days=1))
    assert is_warned(since=since, session_on=FAR, today=first_day)


@pytest.mark.requirement("S-25", "X-14")
@pytest.mark.parametrize(
    ("session_on", "first_day"),
    [
        pytest.param(date(2026, 6, 12), date(2026, 6, 10), id="Friday: from Wednesday"),
        pytest.param(date(2026, 6, 15), date(2026, 6, 11), id="Monday: from Thursday"),
        pytest.param(date(2026, 6, 13), date(2026, 6, 11), id="a Saturday: from Thursday"),
        pytest.param(date(2026, 6, 5), date(2026, 6, 2), id="over a closed day"),
    ],
)
def test_and_from_the_second_business_day_before_the_session(session_on: date, first_day: date) -> None:
    since = first_day - timedelta(days=1)
    assert not is_warned(since=since, session_on=session_on, today=first_day - timedelta(days=1))
    assert is_warned(since=since, session_on=session_on, today=first_day)


@pytest.mark.requirement("S-25")
def test_the_warning_comes_before_the_five_days_of_the_terms_are_over() -> None:
    for days in range(60):
        booked_on = MONDAY + timedelta(days=days)
        fifth_day = booked_on
        counted = 0
        while counted < 5:
            fifth_day += timedelta(days=1)
            counted += CALENDAR.is_business_day(fifth_day)
        day_before = CALENDAR.business_days_before(fifth_day, 1)
        assert is_warned(since=booked_on, session_on=FAR + timedelta(days=90), today=day_before)
