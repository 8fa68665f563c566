"""What staff do about a mail that did not reach the person: send it again, write elsewhere, tell it on the phone (S-25).

The reservation stands whatever became of its mails (X-06): nothing here changes its status.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from booking.models import Reservation, SessionRequest
from booking.refusals import refusal
from booking.undelivered import About, unreached
from mailing.models import OutgoingMail
from mailing.queue import send_again


def send_mails_again(about: About, *, now: datetime) -> int:
    """Queue what did not arrive once more and return how many mails. Raises BookingError mails_settled."""
    with transaction.atomic():
        count = send_again(_lost(_lock(about), now=now), now=now)
        if not count:
            raise refusal("mails_settled")
        return count


def correct_address(about: About, *, email: str, now: datetime) -> int:
    """From now on the mails about this reservation or request, and only these, go to `email`; how many go out anew.

    The address under which the person is known, and signs in, stays as it is (ADR 17). A mail that waits for its next try
    finds the new address then. Raises BookingError mails_settled when nothing is undelivered any more.
    """
    with transaction.atomic():
        locked = _lock(about)
        lost = [mail for mail in _lost(locked, now=now) if not mail.is_secret]
        if not lost:
            raise refusal("mails_settled")
        locked.contact_email = email
        locked.save(update_fields=["contact_email"])
        return send_again(lost, now=now)


def mark_told(about: About, *, by: Any, now: datetime) -> int:
    """Staff told the person on the phone what the mails say; how many. Raises BookingError mails_settled."""
    with transaction.atomic():
        lost = _lost(_lock(about), now=now)
        if not lost:
            raise refusal("mails_settled")
        return OutgoingMail.objects.filter(pk__in=[mail.pk for mail in lost]).update(told_at=now, told_by=by)


def _lock(about: About) -> About:
    """Of two colleagues with the same list, the second finds it done."""
    if isinstance(about, Reservation):
        return Reservation.objects.lock().get(pk=about.pk)
    return SessionRequest.objects.lock().get(pk=about.pk)


def _lost(locked: About, *, now: datetime) -> list[OutgoingMail]:
    return list(unreached(now).about(str(locked.uuid)))
