"""登録の抹消: the national administrator erases an account, with a reason for the record and a message for the person."""

from typing import Any

import pytest
from django.test import Client

from accounts import deletion
from accounts.deletion import DeletionRefused, erase_ex_officio
from accounts.models import User
from audit.models import AuditRecord
from booking.enums import ReservationStatus
from mailing.composers import compose
from mailing.models import OutgoingMail
from tests.accounts.conftest import newest_mail, sign_in, sign_in_with_second_factor
from tests.factories import ReservationFactory, jst

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("J-28")]
TYPED = {"reason": "なりすましの届出", "message": "登録の名義が本人のものと確認できませんでした。"}


@pytest.fixture
def office_browser(now: Any, administrator: User) -> Client:
    client = Client()
    sign_in_with_second_factor(client, administrator)
    return client


def page_of(person: User) -> str:
    return f"/admin/accounts/user/{person.pk}/erase/"


def test_the_page_of_the_account_leads_to_it(office_browser: Client, seeker: User, staff: User) -> None:
    assert page_of(seeker) in office_browser.get(f"/admin/accounts/user/{seeker.pk}/change/").content.decode()
    assert page_of(staff) not in office_browser.get(f"/admin/accounts/user/{staff.pk}/change/").content.decode()


def test_the_page_says_what_goes_and_erases_nothing(office_browser: Client, seeker: User) -> None:
    ReservationFactory(seeker=seeker, starts_at=jst(6, 2, 10))
    page = office_browser.get(page_of(seeker)).content.decode()
    for text in (seeker.email, "元に戻すことはできません", "これからの予約が1件あります"):
        assert text in page
    assert User.objects.get(pk=seeker.pk).deleted_at is None


@pytest.mark.parametrize("missing", ["reason", "message"])
def test_reason_and_message_are_asked_for(office_browser: Client, seeker: User, missing: str) -> None:
    page = office_browser.post(page_of(seeker), {**TYPED, missing: " "}).content.decode()
    assert "入力内容を確かめてください" in page
    assert User.objects.get(pk=seeker.pk).deleted_at is None


def test_nothing_personal_is_left_and_sign_ins_end(office_browser: Client, seeker: User, now: Any) -> None:
    theirs = Client()
    sign_in(theirs, seeker)
    office_browser.post(page_of(seeker), TYPED)
    person = User.objects.get(pk=seeker.pk)
    assert (person.name, person.profile, person.is_active, person.deleted_at) == ("", None, False, now)
    assert theirs.get("/accounts/profile/").status_code == 302


def test_the_reason_is_recorded_and_the_message_is_sent(
    office_browser: Client, seeker: User, administrator: User
) -> None:
    office_browser.post(page_of(seeker), TYPED)
    record = AuditRecord.objects.get(action="account.erased_ex_officio")
    assert (record.actor, record.subject, record.detail) == (
        administrator,
        str(seeker.pk),
        {"reason": TYPED["reason"]},
    )
    mail = newest_mail(seeker.email)
    assert TYPED["message"] in mail.body
    assert TYPED["reason"] not in mail.body


def test_coming_reservations_are_cancelled_by_the_office_with_the_message(
    office_browser: Client, seeker: User, now: Any
) -> None:
    coming = ReservationFactory(seeker=seeker, starts_at=jst(6, 2, 10))
    past = ReservationFactory(seeker=seeker, starts_at=jst(5, 1, 10), status=ReservationStatus.COMPLETED)
    office_browser.post(page_of(seeker), TYPED)
    coming.refresh_from_db()
    past.refresh_from_db()
    assert (coming.status, past.status) == (ReservationStatus.CANCELLED_BY_OFFICE, ReservationStatus.COMPLETED)
    assert (coming.name, past.name) == ("", "")
    mail = OutgoingMail.objects.get(cause=str(coming.uuid), to=seeker.email)
    message = compose(mail, now=now)
    assert TYPED["message"] in message.body
    assert "deleted-" not in message.body
    assert message.to == ""  # to the address that was queued; the account has none any more


def test_staff_are_not_erased(office_browser: Client, staff: User, administrator: User) -> None:
    assert office_browser.post(page_of(staff), TYPED).status_code == 404
    with pytest.raises(DeletionRefused):
        erase_ex_officio(staff, by=administrator, now=jst(6, 1), request=None, **TYPED)  # type: ignore[arg-type]
    assert User.objects.get(pk=staff.pk).deleted_at is None


def test_an_account_is_erased_once(office_browser: Client, seeker: User) -> None:
    office_browser.post(page_of(seeker), TYPED)
    assert office_browser.post(page_of(seeker), TYPED).status_code == 404
    assert AuditRecord.objects.filter(action="account.erased_ex_officio").count() == 1


def test_other_staff_cannot(seeker: User, staff: User) -> None:
    client = Client()
    sign_in_with_second_factor(client, staff)
    assert client.post(page_of(seeker), TYPED).status_code == 403


def test_an_eraser_that_fails_undoes_everything(
    office_browser: Client, seeker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(user: User, *, now: Any) -> None:
        raise RuntimeError("cannot erase")

    monkeypatch.setattr(deletion, "_erasers", [*deletion._erasers, fail])
    coming = ReservationFactory(seeker=seeker, starts_at=jst(6, 2, 10))
    with pytest.raises(RuntimeError):
        office_browser.post(page_of(seeker), TYPED)
    coming.refresh_from_db()
    assert coming.status == ReservationStatus.CONFIRMED
