"""What people say about themselves, at registration and later: job seekers (J-10) and employers (S-36)."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest

from accounts.models import EmployerProfile, SeekerProfile, User
from accounts.numbers import Phone
from audit.record import record


@dataclass(frozen=True, kw_only=True)
class ProfileDetails:
    """`home_office` is an office or None; accounts does not know offices."""

    profile_model: ClassVar[type[SeekerProfile] | type[EmployerProfile]]
    name: str
    kana: str
    phone: Phone
    home_office: Any

    @property
    def profile_values(self) -> dict[str, Any]:
        """All but the name, as the profile stores it."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in ("name", "kana")}
        return {**values, "phone": self.phone.display, "phone_e164": self.phone.e164}


@dataclass(frozen=True, kw_only=True)
class SeekerDetails(ProfileDetails):
    profile_model = SeekerProfile
    postal_code: str
    address: str
    seeker_number: str


@dataclass(frozen=True, kw_only=True)
class EmployerDetails(ProfileDetails):
    profile_model = EmployerProfile
    company_name: str
    establishment_number: str
    department: str


@transaction.atomic
def change_profile(user: User, *, details: ProfileDetails, request: HttpRequest) -> None:
    """The audit keeps which fields changed, not what they were."""
    profile = details.profile_model.objects.filter(user=user).first() or details.profile_model(user=user)
    changed = [name for name, value in details.profile_values.items() if getattr(profile, name) != value]
    changed += [name for name in ("name", "kana") if getattr(user, name) != getattr(details, name)]
    for name, value in details.profile_values.items():
        setattr(profile, name, value)
    profile.save()
    user.name, user.kana = details.name, details.kana
    user.save(update_fields=["name", "kana"])
    if changed:
        record("account.profile_changed", actor=user, subject=str(user.pk), detail={"fields": changed}, request=request)
