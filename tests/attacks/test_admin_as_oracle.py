"""What a page does not show cannot be asked for by its address either (ASVS 8.2.3, 8.4.1)."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from booking.models import Reservation
from mailing.models import OutgoingMail
from offices.models import Office
from terms.models import TermsVersion
from tests.factories import TermsVersionFactory


@pytest.mark.parametrize("who", ["reception", "counselor", "manager"])
@pytest.mark.parametrize(
    "query", ["topic__contains=けが", "topic__gt=", "topic=", "uuid__startswith=a", "interpreter_language__contains=a"]
)
def test_nobody_can_guess_the_topic_by_the_number_of_rows(client_of, world, who, query) -> None:
    answer = client_of(getattr(world, who)).get(reverse("admin:booking_reservation_changelist") + f"?{query}")

    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["status__exact=confirmed", "starts_at__year=2026", "counselor__id__exact={hanako}"])
def test_the_filters_on_the_page_still_work(client_of, world, query) -> None:
    url = reverse("admin:booking_reservation_changelist") + "?" + query.format(hanako=world.hanako.pk)

    answer = client_of(world.reception).get(url)

    assert world.reservation.name in answer.content.decode()


def test_the_words_of_the_topic_do_not_find_a_reservation(client_of, world) -> None:
    url = reverse("admin:booking_reservation_changelist")

    answer = client_of(world.counselor).get(url, {"q": "けが"})

    assert world.reservation.name not in answer.content.decode()


def test_a_waiting_mail_does_not_give_away_its_secret_link(client_of, world) -> None:
    OutgoingMail.objects.create(kind="x", cause="x", to="a@mail.example", due_at="2026-06-01T00:00Z", body="token")

    for query in ("body__contains=tok", "context__has_key=x", "subject__contains=a"):
        answer = client_of(world.national).get(reverse("admin:mailing_outgoingmail_changelist") + f"?{query}")
        assert answer.status_code == 400


def test_the_hash_of_a_password_cannot_be_guessed(client_of, world) -> None:
    url = reverse("admin:accounts_user_changelist")

    assert client_of(world.national).get(url + "?password__startswith=s").status_code == 400
    assert client_of(world.national).get(url + "?is_staff__exact=1").status_code == 200


def view_on_site(row: Reservation | TermsVersion | Office) -> str:
    return reverse("admin:view_on_site", args=[ContentType.objects.get_for_model(row).pk, row.pk])


def test_the_number_of_a_foreign_reservation_is_not_told_by_its_key(client_of, world) -> None:
    assert client_of(world.reception).get(view_on_site(world.foreign_reservation)).status_code == 404


def test_the_page_of_an_own_reservation_is_found_by_its_key(client_of, world) -> None:
    answer = client_of(world.reception).get(view_on_site(world.reservation))

    assert answer.url == world.reservation.get_absolute_url()


def test_the_address_of_a_draft_of_the_terms_is_not_told(client_of, world) -> None:
    draft = TermsVersionFactory(published_at=None)

    assert client_of(world.counselor).get(view_on_site(draft)).status_code == 404


@pytest.mark.parametrize("path", ["r/ 2/1/", "r/2x/1/", "r/999999/1/", "r/0/1/"])
def test_no_other_spelling_reaches_the_page_of_a_row(client_of, world, path) -> None:
    assert client_of(world.reception).get(reverse("admin:index") + path).status_code == 404
