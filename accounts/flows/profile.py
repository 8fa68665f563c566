"""What a job seeker says about themselves, at registration and later (J-10)."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from accounts.models import SeekerProfile, User
from accounts.numbers import Phone
from audit.record import record


@dataclass(frozen=True)
class ProfileDetails:
    """`home_office` is an office or None; accounts does not know offices."""

    name: str
    kana: str
    postal_code: str
    address: str
    phone: Phone
    seeker_number: str
    home_office: Any

    @property
    def profile_values(self) -> dict[str, Any]:
        return {
            "postal_code": self.postal_code,
            "address": self.address,
            "phone": self.phone.display,
            "phone_e164": self.phone.e164,
            "seeker_number": self.seeker_number,
            "home_office": self.home_office,
        }


@transaction.atomic
def change_profile(user: User, *, details: ProfileDetails, request: HttpRequest) -> None:
    """The audit keeps which fields changed, not what they were."""
    profile, _created = SeekerProfile.objects.get_or_create(user=user)
    changed = [name for name, value in details.profile_values.items() if getattr(profile, name) != value]
    changed += [name for name in ("name", "kana") if getattr(user, name) != getattr(details, name)]
    for name, value in details.profile_values.items():
        setattr(profile, name, value)
    profile.save()
    user.name, user.kana = details.name, details.kana
    user.save(update_fields=["name", "kana"])
    if changed:
        record("account.profile_changed", actor=user, subject=str(user.pk), detail={"fields": changed}, request=request)
