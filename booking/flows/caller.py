"""Whom staff speak with: the account with exactly this mail address or 求職番号, or somebody without one.

Nobody looks through all accounts: a number is looked for among the people of the office only.
"""

from typing import Any

from django.db.models import Q

from accounts.models import User
from booking.models import Guest, Reservation
from offices.models import Office


def account_by_mail(email: str) -> User | None:
    """Whoever knows the whole address was told it by its owner: every active account that is not of the staff."""
    return User.objects.filter(email=email.lower(), is_active=True, is_staff=False).first() if email else None


def account_by_number(seeker_number: str, *, office: Office) -> User | None:
    """Of the people of the office only. People type the number themselves: one that two accounts name finds none."""
    if not seeker_number:
        return None
    named = User.objects.filter(seeker_profile__seeker_number=seeker_number, is_active=True, is_staff=False)
    found = list(named.select_related("seeker_profile").order_by("pk")[:2])
    return found[0] if len(found) == 1 and is_of_office(found[0], office) else None


def is_of_office(account: User, office: Office) -> bool:
    """It is the person's own office, gave them their 求職番号, or has had a reservation of theirs."""
    profile: Any = account.profile
    number = getattr(profile, "seeker_number", "")
    if profile is not None and (profile.home_office_id == office.pk or number.startswith(f"{office.number}-")):
        return True
    return Reservation.objects.booked().filter(Q(seeker=account), office=office).exists()


def person_known_as(*, email: str, phone_e164: str) -> User | Guest:
    """The account with this address; else the guest with it, or with the phone alone. A new one is written."""
    account = account_by_mail(email)
    if account is not None:
        return account
    known_by: dict[str, Any] = {"email": email.lower()} if email else {"email": "", "phone_e164": phone_e164}
    return Guest.objects.get_or_create(**known_by)[0]
