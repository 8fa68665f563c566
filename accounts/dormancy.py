"""Accounts that nobody has used for a year: three notices beforehand, then the same erasing as when people leave (J-17)."""

from datetime import datetime

from django.db import transaction

from accounts.deletion import erase_unused
from accounts.mails import notices_given, queue_notice
from accounts.models import User
from accounts.usage import Plan, unused_accounts, used_on
from terms.clock import today


@transaction.atomic
def look_after(user_id: int, *, now: datetime) -> None:
    """Write the notice that is due today, or erase. Safe to run twice.

    Asks anew once the row is locked: whoever signs in or books first has used the account, and it stays.
    """
    User.objects.lock().filter(pk=user_id).first()
    person = unused_accounts(now).filter(pk=user_id).first()
    if person is None:
        return
    plan = Plan(used_on(person), notices_given(person), today(now))
    if plan.is_to_be_erased:
        erase_unused(person, used_on=plan.used_on, now=now)
    elif days := plan.notice_due:
        queue_notice(person, days=days, erased_on=plan.erased_on, now=now)
