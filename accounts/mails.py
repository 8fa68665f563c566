"""The notices before an unused account is erased: once each for every time that it falls asleep."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.usage import unused_accounts, used_on
from mailing.composers import Message, Superseded, composer
from mailing.models import OutgoingMail
from mailing.queue import queue_mails
from mailing.texts import render
from terms.clock import today

UNUSED = "account_unused"
SENT_AT = time(9)
"""The nightly run writes them; nobody is woken by them."""


def queue_notice(person: Any, *, days: int, erased_on: date, now: datetime) -> None:
    mail = OutgoingMail(
        kind=UNUSED,
        cause=cause_of(person.pk),
        occurrence=f"{used_on(person)}:{days}",
        to=person.email,
        language=person.language,
        due_at=max(now, timezone.make_aware(datetime.combine(today(now), SENT_AT))),
        context={"user": person.pk, "used_on": used_on(person).isoformat(), "erased_on": erased_on.isoformat()},
    )
    queue_mails([mail], now=now)


def notices_given(person: Any) -> dict[int, date]:
    """On which day each notice was written since the last use, by its days beforehand."""
    rows = OutgoingMail.objects.about(cause_of(person.pk)).filter(
        kind=UNUSED, occurrence__startswith=f"{used_on(person)}:"
    )
    return {
        int(occurrence.rpartition(":")[2]): today(due_at)
        for occurrence, due_at in rows.values_list("occurrence", "due_at")
    }


def cause_of(pk: int) -> str:
    return f"account:{pk}"


@composer(UNUSED)
def account_unused(mail: OutgoingMail, *, now: datetime) -> Message:
    person = unused_accounts(now).filter(pk=mail.context["user"]).first()
    if person is None or used_on(person).isoformat() != mail.context["used_on"]:
        raise Superseded(_("利用がありましたので、送りませんでした。"))
    erased_on = date.fromisoformat(mail.context["erased_on"])
    facts = {
        "name": str(person),
        "used_on": used_on(person),
        "erased_on": erased_on,
        "last_day": erased_on - timedelta(days=1),
        "email": person.email,
        "login_url": f"{settings.PORTAL_URL}{reverse('account_login')}",
        "portal_name": settings.PORTAL_NAME,
    }
    subject, body = render(f"accounts/mail/{UNUSED}", facts, language=mail.language)
    return Message(subject=subject, body=body, to=person.email)
