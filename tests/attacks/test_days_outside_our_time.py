"""A date that no calendar reaches is refused by every new page, and no page breaks (clock.EARLIEST, LATEST)."""

import pytest
from django.urls import reverse

from booking.models import ConsequenceRule
from tests.factories import PolicyVersionFactory, bookable_service
from tests.seeker.conftest import TYPED

FAR = ["0001-01-01", "0001-01-08", "1999-12-31", "2200-01-01", "9999-12-31"]


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("clock", ["00:00", "23:45"])
def test_a_reservation_is_not_moved_out_of_our_time(client_of, world, day, clock) -> None:
    sent = {"day": day, "clock": clock, "counselor": world.hanako.pk, "reason": "都合"}
    answer = client_of(world.reception).post(reverse("admin:move", args=[world.reservation.number]), sent)
    assert answer.status_code == 200
    world.reservation.refresh_from_db()
    assert world.reservation.starts_at.year == 2026


@pytest.mark.parametrize("day", FAR)
def test_a_version_of_the_rules_begins_in_our_time(client_of, world, day) -> None:
    version = PolicyVersionFactory.create(
        service=world.reservation.service, in_force_on="2026-07-01", announced_on="2026-06-01"
    )
    url = reverse("admin:booking_policyversion_change", args=[version.pk])
    client = client_of(world.manager)
    form = client.get(url).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    for formset in client.get(url).context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        sent |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    answer = client.post(url, {**sent, "in_force_on": day})
    assert answer.status_code == 200
    version.refresh_from_db()
    assert version.in_force_on.year == 2026


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("rules", [{}, {"days_between": 7}, {"closes_in_business_days": True}, {"release_day": 1}])
def test_a_wish_out_of_our_time_is_refused(way, portal_terms, day, rules) -> None:
    service = bookable_service(way="arranged", **rules)
    sent = {**TYPED, "day_1": day, "time_1": "10:00"}
    answer = way.client.post(reverse("booking:request_form", args=[service.pk]), sent, follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("name", ["first_day", "last_day"])
def test_waiting_out_of_our_time_is_refused(way, portal_terms, day, name) -> None:
    service = bookable_service(has_waiting_list=True)
    sent = {"first_day": "2026-06-02", "last_day": "2026-06-05", name: day}
    answer = way.client.post(reverse("booking:join_line", args=[service.pk]), sent)
    assert answer.status_code in (200, 302)


@pytest.mark.parametrize("name", ["within_months", "restricts_months"])
def test_a_rule_about_no_shows_counts_back_to_our_time_only(client_of, world, name) -> None:
    sent = {"office": world.office.pk, "in_force_on": "2026-06-02", "within_months": 6, "restricts_months": 1}
    answer = client_of(world.manager).post(
        reverse("admin:booking_consequencerule_add"), {**sent, name: 30000, "restricts_from": 1}
    )
    assert answer.status_code == 200
    assert not ConsequenceRule.objects.exists()


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("page", ["admin:enter", "admin:demand", "admin:requests"])
def test_the_pages_of_the_staff_take_any_day(client_of, world, day, page) -> None:
    answer = client_of(world.reception).get(reverse(page), {"first_day": day, "until": day, "date": day, "by": "day"})
    assert answer.status_code == 200
