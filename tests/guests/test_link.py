"""The link in the mail: 60:00 is in time, 60:01 is not; by the flow and by HTTP (S-31, S-32)."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.deletion import delete_account
from booking.availability import Search, slot_at
from booking.enums import MailKind, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.hold import hold
from booking.flows.lapse import lapse
from booking.flows.mail_link import confirm_by_link
from booking.guest_access import CONFIRMS, OPENS, passcode_of, token_of
from booking.models import OnlineMeeting, Reservation, ReservationEvent, Restriction, Service
from booking.views.seeker.drafts import KEY
from mailing.models import OutgoingMail
from mailing.sending import send
from tests.factories import NOW, SeekerFactory, change_rules, jst
from tests.guests.conftest import MAIL, START, TYPED, Way, agree_to_all, link_of, link_service, open_meeting, request
from tests.mailing.arrived import text_of

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
IN_TIME = pytest.mark.parametrize(
    ("moment", "is_in_time"),
    [(NOW + HOUR - SECOND, True), (NOW + HOUR, True), (NOW + HOUR + SECOND, False)],
    ids=["59:59", "60:00", "60:01"],
)


def is_free(service: Service, now: datetime, start: datetime = START) -> bool:
    return slot_at(Search(service=service, now=now), start) is not None


@pytest.mark.requirement("S-31")
@IN_TIME
def test_the_flow_takes_the_link_for_an_hour(asked: Reservation, moment: datetime, is_in_time: bool) -> None:
    if is_in_time:
        assert confirm_by_link(asked, now=moment).status == ReservationStatus.CONFIRMED
        return
    with pytest.raises(BookingError) as refused:
        confirm_by_link(asked, now=moment)
    assert refused.value.code == "link_expired"
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.AWAITING_LINK
    assert not OnlineMeeting.objects.exists()


@pytest.mark.requirement("S-31")
@IN_TIME
def test_the_page_takes_the_link_for_an_hour(
    client: Client, asked: Reservation, freeze: Any, moment: datetime, is_in_time: bool
) -> None:
    freeze(moment)
    assert client.get(link_of(asked)).status_code == (200 if is_in_time else 410)
    client.post(link_of(asked))
    asked.refresh_from_db()
    assert (asked.status == ReservationStatus.CONFIRMED) is is_in_time


@pytest.mark.requirement("S-31")
@IN_TIME
def test_the_place_is_kept_as_long_as_the_link_is_valid(
    asked: Reservation, service: Service, moment: datetime, is_in_time: bool
) -> None:
    """Swept or not."""
    assert is_free(service, moment) is not is_in_time
    assert lapse(asked.pk, now=moment) is not is_in_time
    assert is_free(service, moment) is not is_in_time
    asked.refresh_from_db()
    assert asked.status == (ReservationStatus.AWAITING_LINK if is_in_time else ReservationStatus.LAPSED)


@pytest.mark.requirement("S-31")
@pytest.mark.parametrize("is_swept", [True, False])
def test_the_expired_page_says_so_and_offers_the_nearest_times(
    way: Way, asked: Reservation, freeze: Any, is_swept: bool
) -> None:
    way.type()
    late = freeze(NOW + HOUR + SECOND)
    if is_swept:
        lapse(asked.pk, now=late)
    page = way.client.get(link_of(asked))
    text = page.content.decode()
    assert "確認の期限（1時間）が過ぎたため、この予約は成立していません" in text
    assert [time.starts_at for time in page.context["times"]] == [jst(6, 2, 9, 30), START, jst(6, 2, 10, 30)]
    assert "この予約を確定する" not in text
    assert way.choose().url == way.url("link_details")
    assert f'value="{TYPED["name"]}"' in way.client.get(way.url("link_details")).content.decode()


def test_the_link_never_outlives_the_closing_of_the_booking(now: datetime, freeze: Any) -> None:
    service = link_service(closes_at=time(10, 30))
    asked = request(service)
    closing = jst(6, 1, 10, 30)
    assert asked.hold_expires_at == closing
    with pytest.raises(BookingError):
        confirm_by_link(asked, now=closing)
    assert confirm_by_link(asked, now=closing - SECOND).status == ReservationStatus.CONFIRMED


@pytest.mark.requirement("S-31")
def test_opening_the_link_confirms_nothing(client: Client, asked: Reservation) -> None:
    page = client.get(link_of(asked)).content.decode()
    assert client.head(link_of(asked)).status_code == 200
    assert "この予約を確定する" in page
    assert "10:00〜10:30" in page
    assert "見本 花子" not in page
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.AWAITING_LINK
    assert ReservationEvent.objects.filter(reservation=asked).count() == 1


@pytest.mark.requirement("S-32")
def test_the_button_makes_it_firm_with_meeting_and_mail(client: Client, asked: Reservation) -> None:
    answer = client.post(link_of(asked))
    assert answer.url == reverse("booking:guest_done", args=[asked.number])
    assert OnlineMeeting.objects.filter(reservation=asked).count() == 1
    kinds = set(OutgoingMail.objects.about(str(asked.uuid)).values_list("kind", flat=True))
    assert {MailKind.CONFIRMED, MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR} <= kinds
    page = client.get(answer.url).content.decode()
    assert asked.display_number in page
    assert passcode_of(asked) in page


def test_pressing_twice_changes_nothing(client: Client, asked: Reservation) -> None:
    first = client.post(link_of(asked)).url
    events = ReservationEvent.objects.count()
    assert client.post(link_of(asked)).url == first
    assert client.get(link_of(asked)).url == first
    assert confirm_by_link(asked, now=NOW + 2 * HOUR).status == ReservationStatus.CONFIRMED
    assert (ReservationEvent.objects.count(), OnlineMeeting.objects.count()) == (events, 1)


def test_in_the_same_browser_what_was_typed_is_forgotten(way: Way) -> None:
    way.type()
    way.ask()
    assert KEY in way.client.session
    way.client.post(link_of(Reservation.objects.get()))
    assert KEY not in way.client.session


@pytest.mark.parametrize("cancel", [cancel_by_seeker, cancel_by_office])
def test_a_link_used_again_after_the_cancellation_revives_nothing(
    client: Client, confirmed: Reservation, cancel: Any
) -> None:
    reason = {"reason": "見本"} if cancel is cancel_by_office else {}
    cancel(confirmed, by=None, now=NOW, **reason)
    status = Reservation.objects.get().status
    assert client.post(link_of(confirmed)).url == link_of(confirmed)
    page = client.get(link_of(confirmed))
    assert page.status_code == 410
    assert "取り消されています" in page.content.decode()
    assert Reservation.objects.get().status == status


def test_before_it_is_firm_who_has_the_mail_may_give_it_back(client: Client, asked: Reservation) -> None:
    assert client.get(link_of(asked, "link_cancel")).status_code == 405
    client.post(link_of(asked, "link_cancel"))
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.CANCELLED_BY_SEEKER


def test_the_way_to_step_back_cancels_nothing_firm(client: Client, confirmed: Reservation) -> None:
    client.post(link_of(confirmed, "link_cancel"))
    confirmed.refresh_from_db()
    assert confirmed.status == ReservationStatus.CONFIRMED


def forged(asked: Reservation) -> dict[str, str]:
    good = token_of(asked, CONFIRMS)
    return {
        "cut": good[:-1],
        "changed": f"{'0' * 32}.{good.split('.')[1]}",
        "without a signature": asked.uuid.hex,
        "the uuid as people know it": str(asked.uuid),
        "signed for another purpose": token_of(asked, OPENS),
        "signed with another key": Signer(key="other", salt=CONFIRMS, sep=".").sign(asked.uuid.hex),
        "no uuid": Signer(salt=CONFIRMS, sep=".").sign("1"),
        "of nobody": Signer(salt=CONFIRMS, sep=".").sign("0" * 32),
    }


def test_a_forged_link_leads_nowhere(client: Client, asked: Reservation) -> None:
    for name, token in forged(asked).items():
        for url_name in ("link", "link_cancel", "link_confirmed"):
            url = reverse(f"booking:{url_name}", args=[token])
            assert client.post(url).status_code in (404, 405), name
        assert client.get(reverse("booking:link", args=[token])).status_code == 404, name
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.AWAITING_LINK


def test_a_hold_of_an_account_is_no_request_by_link(client: Client, now: datetime) -> None:
    service = link_service()
    change_rules(service, way="at_once")
    held = hold(service=service, starts_at=START, seeker=SeekerFactory.create(), now=now)
    assert client.post(link_of(held)).status_code == 404
    with pytest.raises(BookingError) as refused:
        confirm_by_link(held, now=now)
    assert refused.value.code == "wrong_status"


def test_the_link_of_an_account_confirms_and_opens_nothing(client: Client, service: Service) -> None:
    seeker = SeekerFactory.create()
    asked = request(service, who=seeker)
    page = client.get(client.post(link_of(asked)).url)
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.CONFIRMED
    assert "予約が決まりました" in page.content.decode()
    assert asked.display_number not in page.content.decode()
    for name in ("reservation", "guest_done", "cancel"):
        assert "/accounts/login/" in client.get(reverse(f"booking:{name}", args=[asked.number])).url
    client.force_login(seeker)
    assert client.get(link_of(asked, "link_confirmed")).url == reverse("booking:done", args=[asked.number])


def test_a_restriction_of_the_meantime_counts(client: Client, asked: Reservation) -> None:
    Restriction.objects.create(
        office=asked.office,
        guest=asked.guest,
        ground="no_shows",
        reason="見本",
        text="見本",
        begins_on=NOW.date(),
        decided_by=SeekerFactory.create(),
        decided_at=NOW,
    )
    client.post(link_of(asked))
    assert "お電話ください" in client.get(link_of(asked)).content.decode()
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.AWAITING_LINK


# --- Mails ---


@pytest.mark.requirement("S-31")
def test_the_first_mail_has_the_link_its_end_and_nothing_that_was_typed(
    asked: Reservation, smtp_server: Any, settings: Any
) -> None:
    send(OutgoingMail.objects.get().pk, now=NOW)
    (mail,) = smtp_server.to(MAIL)
    assert "メールアドレスの確認" in mail["Subject"]
    text = text_of(mail)
    assert f"\n{settings.PORTAL_URL}{link_of(asked)}\n" in text
    assert "11:00までに" in text
    assert "見本 花子" not in text
    assert "090" not in text
    assert OutgoingMail.objects.get().body == ""


@pytest.mark.parametrize("change", ["lapsed", "confirmed"])
def test_a_late_mail_is_not_sent(asked: Reservation, smtp_server: Any, change: str) -> None:
    if change == "lapsed":
        send(OutgoingMail.objects.get().pk, now=NOW + HOUR + SECOND)
    else:
        mail = OutgoingMail.objects.get()
        confirm_by_link(asked, now=NOW)
        send(mail.pk, now=NOW)
    assert not smtp_server.to(MAIL)


@pytest.mark.requirement("S-32", "S-33")
def test_the_confirmation_has_number_passcode_and_the_personal_link(
    confirmed: Reservation, smtp_server: Any, settings: Any
) -> None:
    open_meeting(confirmed)
    for row in OutgoingMail.objects.order_by("pk"):
        send(row.pk, now=NOW + timedelta(minutes=1))
    (mail,) = smtp_server.to(MAIL)
    text = text_of(mail)
    assert "予約が確定しました" in mail["Subject"]
    assert confirmed.display_number in text
    assert f"パスワード: {passcode_of(confirmed)}" in text
    url = reverse("booking:guest_page", args=[token_of(confirmed, OPENS)])
    assert f"\n{settings.PORTAL_URL}{url}\n" in text
    assert "ログインが必要" not in text


def test_who_deleted_the_account_gets_no_reservation_by_an_old_mail(service: Service) -> None:
    seeker = SeekerFactory.create()
    asked = request(service, who=seeker)
    delete_account(seeker, now=NOW, request=RequestFactory().post("/"))
    with pytest.raises(BookingError):
        confirm_by_link(asked, now=NOW)
    asked.refresh_from_db()
    assert (asked.status, asked.name) == (ReservationStatus.CANCELLED_BY_SEEKER, "")


def test_an_account_sees_on_its_page_what_still_waits_for_the_link(client: Client, service: Service) -> None:
    seeker = SeekerFactory.create()
    agree_to_all(seeker)
    client.force_login(seeker)
    asked = request(service, who=seeker)
    assert "メール確認待ち" in client.get(reverse("booking:my_page")).content.decode()
    page = client.get(asked.get_absolute_url()).content.decode()
    assert "まだ決まっていません" in page
    assert reverse("booking:cancel", args=[asked.number]) in page
    client.post(reverse("booking:cancel", args=[asked.number]))
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.CANCELLED_BY_SEEKER
