"""What was mailed to a person, told once more on the person's own pages: a lost mail loses nothing (H-03).

Only what is named here is shown: never a mail to the office, and never one that is a key to the address (is_secret).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from booking.enums import UPCOMING, MailKind
from booking.mails.waiting import cause_of
from booking.models import Offer, Reservation, SessionRequest, WaitingEntry
from mailing.message import NOT_KEPT
from mailing.models import UNDELIVERED, WAS, MailState, OutgoingMail

OF_ITS_TIME = frozenset({MailKind.CONFIRMED, MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR})
"""Written for one time of the reservation: of another time they will not be sent any more."""
CARRY_ACCESS = OF_ITS_TIME | {MailKind.LINK_FOLLOWS, MailKind.MOVED, MailKind.NEW_LINK}
"""They say how to enter the session: to be read as long as the page itself says it (S-06, S-37)."""
TOLD_TO_THE_PERSON = CARRY_ACCESS | {
    MailKind.CANCELLED_BY_SEEKER,
    MailKind.CANCELLED_BY_OFFICE,
    MailKind.NO_SHOW,
    MailKind.NO_SHOW_WARNING,
    MailKind.OFFICE_ABSENT,
    MailKind.REPLY_WANTED,
    MailKind.REQUEST_RECEIVED,
    MailKind.PROPOSAL,
    MailKind.REQUEST_REFUSED,
    MailKind.LAPSED,
    MailKind.OFFER,
    MailKind.WAITING_ENDED,
}
HAS_A_TEXT = (MailState.SENT, MailState.DELAYED, *UNDELIVERED)


@dataclass(frozen=True, kw_only=True)
class ShownMessage:
    subject: str
    at: datetime
    """When it went out; of one that is still to go, when it will."""
    state: str
    """In plain words."""
    is_undelivered: bool
    to: str
    text: str
    """Empty where it cannot be read: not written yet, erased, or not to be read any more."""
    without_text: str
    """Why not, where that needs a word."""
    language: str

    @property
    def is_masked(self) -> bool:
        """The ledger keeps no passcode: the reader finds it elsewhere on the page."""
        return NOT_KEPT in self.text


def messages_about(reservation: Reservation, *, shows_access: bool) -> list[ShownMessage]:
    """The earliest first. `shows_access`: does the page tell what admits to the session? One query."""
    mails = [mail for mail in _told([str(reservation.uuid)]) if not _is_idle(mail, reservation)]
    return [_shown(mail, shows_access=shows_access) for mail in mails]


def messages_about_request(asked: SessionRequest) -> list[ShownMessage]:
    return [_shown(mail, shows_access=False) for mail in _told([str(asked.uuid)])]


def messages_about_waiting(entry: WaitingEntry) -> list[ShownMessage]:
    """Of the entry itself, and the offers of it."""
    offered = Offer.objects.filter(entry=entry).values_list("reservation__uuid", flat=True)
    mails = _told([cause_of(entry), *map(str, offered)])
    return [_shown(mail, shows_access=False) for mail in mails if mail.kind not in CARRY_ACCESS]


def undelivered_among(reservations: Iterable[Reservation]) -> set[str]:
    """The numbers of the reservations about which a mail did not arrive and nobody called. One query."""
    numbers = {str(reservation.uuid): reservation.number for reservation in reservations}
    causes = _mails(numbers).undelivered().filter(told_at=None).values_list("cause", flat=True)
    return {numbers[cause] for cause in causes}


def _mails(causes: Iterable[str]) -> Any:
    return OutgoingMail.objects.filter(cause__in=list(causes), kind__in=TOLD_TO_THE_PERSON, is_secret=False)


def _told(causes: Iterable[str]) -> list[OutgoingMail]:
    mails = [mail for mail in _mails(causes) if _state_before(mail) != MailState.SUPERSEDED]
    return sorted(mails, key=lambda mail: (mail.sent_at or mail.due_at, mail.pk))


def _is_idle(mail: OutgoingMail, reservation: Reservation) -> bool:
    """Still to be sent, and not worth a word: it may never have to go out, or speaks of a time that is over."""
    if mail.state not in (MailState.QUEUED, MailState.SENDING):
        return False
    if mail.kind in OF_ITS_TIME:
        return reservation.status not in UPCOMING or mail.occurrence != str(reservation.calendar_sequence)
    return mail.kind == MailKind.LINK_FOLLOWS


def _shown(mail: OutgoingMail, *, shows_access: bool) -> ShownMessage:
    may_read = shows_access or mail.kind not in CARRY_ACCESS
    has_text = mail.state in HAS_A_TEXT and mail.body != ""
    return ShownMessage(
        subject=mail.subject or str(MailKind(mail.kind).label),
        at=mail.sent_at or mail.due_at,
        state=_in_words(mail),
        is_undelivered=_state_before(mail) in UNDELIVERED,
        to=mail.to,
        text=mail.body if may_read and has_text else "",
        without_text=_why_no_text(mail, hidden=has_text and not may_read),
        language=mail.language,
    )


def _state_before(mail: OutgoingMail) -> str:
    """Of a mail whose contents were erased: what had become of it."""
    return str(mail.context.get(WAS, mail.state)) if mail.state == MailState.PURGED else mail.state


def _in_words(mail: OutgoingMail) -> str:
    match _state_before(mail):
        case MailState.FAILED | MailState.BOUNCED if mail.told_at is not None:
            return _("届きませんでした。お電話でお伝えしました。")
        case MailState.FAILED | MailState.BOUNCED:
            return _("届きませんでした")
        case MailState.DELAYED:
            return _("送信が遅れています。自動で送り直します。")
        case MailState.QUEUED | MailState.SENDING:
            return _("これから送ります")
    return _("送りました")


def _why_no_text(mail: OutgoingMail, *, hidden: bool) -> str:
    if mail.state == MailState.PURGED:
        return _("お送りしてから時間がたったため、本文は消去しました。")
    return _("参加のしかたが書いてあるため、いまは本文を表示していません。") if hidden else ""
