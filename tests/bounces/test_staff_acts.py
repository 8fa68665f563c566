"""What staff do about a mail that did not arrive: each act once, on record, at their own office only."""

import pytest
from django.urls import reverse

from audit.models import AuditRecord
from booking.enums import MailKind, ReservationStatus
from booking.errors import BookingError
from booking.flows.arrange import Wishes, accept_wish, request_session
from booking.flows.cancel import cancel_by_office
from booking.flows.reach import correct_address, mark_told, send_mails_again
from booking.models import Guest, Reservation
from booking.undelivered import undelivered_at
from mailing.models import DELAYED_SINCE, MailState, OutgoingMail
from mailing.sending import send
from tests.arranged.conftest import DETAILS
from tests.bounces.lost import lost
from tests.factories import NOW, ReservationFactory, SeekerFactory, bookable_service, jst
from tests.mailing.arrived import only, text_of
from tests.staff.conftest import client_of, now, world

__all__ = ["client_of", "now", "world"]
RIGHT = "ichiro@right.example"


@pytest.fixture
def browser(client_of, world):
    return client_of(world.reception)


@pytest.fixture
def guests_reservation(world):
    guest = Guest.objects.create(email="hanako@wrong.example")
    return ReservationFactory(
        service=world.reservation.service,
        counselor=world.jiro,
        seeker=None,
        guest=guest,
        name="見本 花子",
        starts_at=jst(6, 2, 14),
    )


def url(name: str, about) -> str:
    return reverse(f"admin:undelivered_{name}", args=[about.uuid])


def press(browser, name: str, about, **data) -> str:
    return browser.post(url(name, about), data, follow=True).content.decode()


def listed(world) -> list:
    return [row.about for row in undelivered_at(world.reception, office=world.office, now=NOW)]


@pytest.mark.requirement("S-25")
def test_a_mail_is_sent_again_and_that_is_on_record(world, browser):
    mail = lost(world.reservation)
    assert "1件のメールをもう一度送ります" in press(browser, "again", world.reservation)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.to) == (MailState.QUEUED, 0, world.reservation.seeker.email)
    record = AuditRecord.objects.get(action="mail.sent_again")
    assert (record.actor, record.subject) == (world.reception, world.reservation.number)
    assert listed(world) == []


@pytest.mark.requirement("S-25")
def test_told_by_telephone_it_leaves_the_list_and_names_who_told_it(world, browser):
    mail, other = lost(world.reservation), lost(world.reservation, kind=MailKind.REMINDER_DAY)
    assert "電話で伝えたことを記録しました" in press(browser, "told", world.reservation)
    for row in (mail, other):
        row.refresh_from_db()
        assert (row.state, row.told_at, row.told_by) == (MailState.BOUNCED, NOW, world.reception)
    assert listed(world) == []
    assert AuditRecord.objects.filter(action="mail.told", office_number=world.office.number).exists()


@pytest.mark.requirement("S-25")
def test_mails_of_the_reservation_go_to_the_address_told_on_the_phone(world, browser):
    mail = lost(world.reservation)
    page = press(browser, "address", world.reservation, email=RIGHT)
    assert "送り先を直しました" in page
    world.reservation.refresh_from_db()
    mail.refresh_from_db()
    assert (world.reservation.email, mail.state) == (RIGHT, MailState.QUEUED)
    assert AuditRecord.objects.get(action="mail.address_corrected").detail == {"mails": 1}


def test_the_sign_in_address_of_an_account_stays_and_staff_are_told_what_to_advise(world, browser):
    before = world.reservation.seeker.email
    lost(world.reservation)
    page = press(browser, "address", world.reservation, email=RIGHT)
    world.reservation.seeker.refresh_from_db()
    assert world.reservation.seeker.email == before
    assert "ログインに使うメールアドレスは変わりません" in page


def test_other_reservations_of_the_person_are_written_to_as_before(world, browser):
    other = ReservationFactory(
        service=world.reservation.service,
        counselor=world.jiro,
        seeker=world.reservation.seeker,
        starts_at=jst(6, 9, 10),
    )
    lost(world.reservation)
    press(browser, "address", world.reservation, email=RIGHT)
    other.refresh_from_db()
    assert other.email == world.reservation.seeker.email


def test_somebody_without_account_stays_the_same_person_under_the_corrected_address(browser, guests_reservation):
    """A typo must not make two people one: the guest's address is the key of restrictions, limits and consents."""
    Guest.objects.create(email=RIGHT)
    lost(guests_reservation)
    page = press(browser, "address", guests_reservation, email=RIGHT)
    guests_reservation.refresh_from_db()
    assert (guests_reservation.email, guests_reservation.guest.email) == (RIGHT, "hanako@wrong.example")
    assert "ログインに使うメールアドレス" not in page


def test_what_is_written_later_goes_there_too(world, smtp_server):
    lost(world.reservation)
    correct_address(world.reservation, email=RIGHT, now=NOW)
    cancel_by_office(world.reservation, by=world.manager, reason="急病のため", now=NOW)
    mail = OutgoingMail.objects.get(kind=MailKind.CANCELLED_BY_OFFICE)
    OutgoingMail.objects.exclude(pk=mail.pk).delete()
    send(mail.pk, now=NOW)
    assert only(smtp_server)["To"] == RIGHT


def test_the_mail_sent_again_is_composed_anew_for_the_new_address(world, smtp_server):
    mail = lost(world.reservation, kind=MailKind.LINK_FOLLOWS)
    correct_address(world.reservation, email=RIGHT, now=NOW)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.to, only(smtp_server)["To"]) == (MailState.SENT, RIGHT, RIGHT)
    assert world.reservation.display_number in text_of(only(smtp_server))


def test_a_mail_that_still_waits_for_its_next_try_finds_the_corrected_address(world, smtp_server):
    since = {DELAYED_SINCE: jst(6, 1, 8).isoformat()}
    mail = lost(world.reservation, kind=MailKind.LINK_FOLLOWS, state=MailState.DELAYED, context=since)
    correct_address(world.reservation, email="typo@right.example", now=NOW)
    correct_address(world.reservation, email=RIGHT, now=NOW)
    send(mail.pk, now=NOW)
    assert only(smtp_server)["To"] == RIGHT


@pytest.mark.parametrize(
    "typed", ["ichiro@", "ichiro right.example", "a@b@c.example", "ichiro@right.example\nBcc: x@y.example", ""]
)
def test_what_is_no_address_stays_in_the_field_and_changes_nothing(world, browser, typed):
    mail = lost(world.reservation)
    answer = browser.post(url("address", world.reservation), {"email": typed})
    world.reservation.refresh_from_db()
    mail.refresh_from_db()
    assert (world.reservation.contact_email, mail.state) == ("", MailState.BOUNCED)
    assert answer.context["form"]["email"].value() == typed


def test_the_same_address_is_no_correction(world, browser):
    lost(world.reservation)
    page = press(browser, "address", world.reservation, email=world.reservation.seeker.email.upper())
    assert "いまの宛先と同じです" in page


@pytest.mark.parametrize(
    "act",
    [
        lambda row, world: send_mails_again(row, now=NOW),
        lambda row, world: correct_address(row, email=RIGHT, now=NOW),
        lambda row, world: mark_told(row, by=world.reception, now=NOW),
    ],
    ids=["send again", "correct", "told"],
)
def test_who_comes_second_is_told_that_a_colleague_was_faster(world, act):
    lost(world.reservation)
    mark_told(world.reservation, by=world.manager, now=NOW)
    with pytest.raises(BookingError) as refused:
        act(world.reservation, world)
    assert refused.value.code == "mails_settled"


@pytest.mark.parametrize("name", ["again", "told", "address"])
def test_pressed_twice_nothing_happens_twice(world, browser, name):
    lost(world.reservation)
    press(browser, name, world.reservation, email=RIGHT)
    page = press(browser, name, world.reservation, email="other@right.example")
    assert "ほかの職員が先に送り直したか、電話で伝えています" in page
    world.reservation.refresh_from_db()
    assert world.reservation.contact_email in ("", RIGHT)


@pytest.mark.parametrize("name", ["again", "told", "address"])
def test_another_office_does_not_know_that_there_is_such_a_mail(world, client_of, name):
    mail = lost(world.reservation)
    answer = client_of(world.foreigner).post(url(name, world.reservation), {"email": RIGHT})
    mail.refresh_from_db()
    world.reservation.refresh_from_db()
    assert (answer.status_code, mail.state, mail.told_at) == (404, MailState.BOUNCED, None)
    assert world.reservation.contact_email == ""


@pytest.mark.parametrize("name", ["again", "told"])
def test_looking_at_the_address_of_a_button_does_nothing(world, browser, name):
    lost(world.reservation)
    assert browser.get(url(name, world.reservation)).status_code == 405


def test_a_link_for_one_person_only_is_neither_repeated_nor_redirected(world, browser):
    mail = lost(world.reservation, kind=MailKind.CONFIRM_ADDRESS, is_secret=True)
    page = browser.get(reverse("admin:undelivered")).content.decode()
    assert url("told", world.reservation) in page
    assert url("again", world.reservation) not in page
    assert url("address", world.reservation) not in page
    press(browser, "address", world.reservation, email=RIGHT)
    world.reservation.refresh_from_db()
    mail.refresh_from_db()
    assert (world.reservation.contact_email, mail.state) == ("", MailState.BOUNCED)


def test_no_act_leads_to_another_site(world, browser):
    lost(world.reservation)
    answer = browser.post(url("told", world.reservation), {"next": "https://evil.example/"})
    assert answer.url.startswith("/admin/undelivered/")


@pytest.mark.requirement("X-06")
@pytest.mark.parametrize("name", ["again", "told", "address"])
def test_no_act_touches_the_reservation_itself(world, browser, name):
    lost(world.reservation)
    press(browser, name, world.reservation, email=RIGHT)
    world.reservation.refresh_from_db()
    assert world.reservation.status == ReservationStatus.CONFIRMED
    assert not world.reservation.events.exists()


def test_who_leaves_the_portal_is_written_to_nowhere_any_more(world):
    world.reservation.contact_email = RIGHT
    world.reservation.seeker.is_active = False
    assert world.reservation.email == ""


def test_the_address_told_on_the_phone_goes_with_the_other_personal_data(world):
    lost(world.reservation)
    correct_address(world.reservation, email=RIGHT, now=NOW)
    Reservation.objects.filter(pk=world.reservation.pk).strip_personal_data()
    world.reservation.refresh_from_db()
    assert world.reservation.contact_email == ""


@pytest.mark.requirement("S-25")
def test_the_reservation_made_from_a_request_is_written_to_where_the_request_was(world, client_of, browser):
    service = bookable_service(office=world.office, way="arranged")
    wishes = Wishes(starts=(jst(6, 3, 10),), counselor=None)
    asked = request_session(service=service, seeker=SeekerFactory(), wishes=wishes, details=DETAILS, now=NOW)
    OutgoingMail.objects.update(state=MailState.BOUNCED)
    assert "送り先を直しました" in press(browser, "address", asked, email=RIGHT)
    asked.refresh_from_db()
    place = accept_wish(asked, starts_at=asked.wishes[0], counselor=service.counselors.get(), by=world.manager, now=NOW)
    assert place.email == RIGHT
