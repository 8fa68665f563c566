"""What people or programs may type into forms without harm to others or to themselves."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.numbers import clean_name
from booking.models import Absence, PolicyVersion, Service
from booking.views.seeker.drafts import KEY, LONGEST_KEPT
from tests.factories import change_rules, jst


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\n", ids=ascii)
def test_a_name_cannot_turn_the_text_beside_it_round(control) -> None:
    with pytest.raises(ValidationError):
        clean_name(f"花子{control}見本")


@pytest.mark.parametrize("name", ["محمد\u200f علی", "Åsa O’Brien-Lee, Jr.", "神\ufe00山", "😀"], ids=ascii)
def test_a_name_of_any_script_is_kept_as_typed(name) -> None:
    assert clean_name(name) == name


def test_a_huge_answer_is_refused_and_not_carried_along_in_the_session(way) -> None:
    held = way.hold(jst(6, 2, 10))

    answer = way.type(held, topic="あ" * 100_000)

    assert answer.status_code == 200
    assert "topic" not in way.client.session[KEY]


def test_a_long_answer_is_kept_to_be_shortened(way) -> None:
    held = way.hold(jst(6, 2, 10))

    way.type(held, topic="あ" * LONGEST_KEPT)

    assert len(way.client.session[KEY]["topic"]) == LONGEST_KEPT


def test_what_no_field_asks_changes_nothing(way) -> None:
    held = way.hold(jst(6, 2, 10))
    before = (held.status, held.office_id, held.seeker_id, held.counselor_id, held.number)

    way.type(held, status="completed", office="99", seeker="1", counselor="99", number="AAAAAAAA", is_staff="on")

    held.refresh_from_db()
    held.seeker.refresh_from_db()
    assert (held.status, held.office_id, held.seeker_id, held.counselor_id, held.number) == before
    assert not held.seeker.is_staff


@pytest.mark.parametrize(
    ("begins", "ends"),
    [("0001-01-01", "2026-06-02"), ("1999-12-31", "2026-06-02"), ("2026-06-01", "2200-01-01"), ("9999-12-30",) * 2],
)
def test_an_absence_outside_our_time_is_refused(client_of, world, begins, ends) -> None:
    moments = {"starts_at_0": begins, "starts_at_1": "09:00", "ends_at_0": ends, "ends_at_1": "17:00"}
    client = client_of(world.manager)

    answer = client.post(reverse("admin:booking_absence_add"), {"counselor": world.hanako.pk, **moments})

    assert answer.status_code == 200
    assert not Absence.objects.exists()
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("opens_months_before", 12),
        ("opens_days_before", 366),
        ("closes_days_before", 366),
        ("cancel_closes_days_before", 366),
        ("days_between", 366),
        ("gap_minutes", 240),
    ],
)
def test_rules_have_limits_within_which_every_page_works(service: Service, client, field, most) -> None:
    change_rules(service, **{field: most})
    assert client.get(reverse("booking:times", args=[service.pk])).status_code == 200

    column = PolicyVersion._meta.get_field(field)
    column.run_validators(most)
    with pytest.raises(ValidationError):
        column.run_validators(most + 1)


@pytest.mark.parametrize("query", ["starts_at=x", "ends_at=9999-12-31", "day=0001-01-01", "day=x", "counselor=x"])
@pytest.mark.parametrize("page", ["absence", "openingwindow"])
def test_an_address_can_only_choose_the_counselor_and_the_day(client_of, world, page, query) -> None:
    answer = client_of(world.manager).get(reverse(f"admin:booking_{page}_add") + f"?{query}")

    assert answer.status_code == 200
