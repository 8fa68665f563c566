"""Which role has this person at which office? Asked once per request, remembered on the user object."""

from typing import Any

from audit.permissions import is_national
from offices.models import Office, OfficeQuerySet, Role, StaffMembership


def roles_of(user: Any) -> dict[int, Role]:
    """Role by office id; empty for everybody who is not staff."""
    known: dict[int, Role] | None = user.__dict__.get("roles_by_office")
    if known is None:
        rows = StaffMembership.objects.filter(user=user.pk, is_active=True).values_list("office", "role")
        known = {office: Role(role) for office, role in rows} if user.is_active and user.is_staff else {}
        user.__dict__["roles_by_office"] = known
    return known


def has_role(user: Any, office_id: int, *roles: Role) -> bool:
    """One of these roles at the office; the national administrator counts as every role everywhere."""
    if is_national(user):
        return True
    return roles_of(user).get(office_id) in roles


def managed_offices(user: Any) -> OfficeQuerySet:
    """The offices whose schedule, services and closed days this person looks after."""
    if is_national(user):
        return Office.objects.all()
    return Office.objects.filter(pk__in=[office for office, role in roles_of(user).items() if role == Role.MANAGER])


def has_role_somewhere(user: Any, *roles: Role) -> bool:
    """One of these roles at some office, without a query of its own."""
    if is_national(user):
        return True
    return any(role in roles for role in roles_of(user).values())
