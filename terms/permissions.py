from typing import Any

from audit.permissions import is_national

MANAGER = "manager"
"""`offices.models.Role.MANAGER`: `offices` is above this app and cannot be imported, so a test ties the two."""


def managed_office_numbers(user: Any) -> set[str]:
    """The offices whose own terms this person may write."""
    if not (user.is_active and user.is_staff):
        return set()
    memberships = user.staff_memberships.filter(role=MANAGER, is_active=True)
    return set(memberships.values_list("office__number", flat=True))


def can_write_any_terms(user: Any) -> bool:
    return is_national(user) or bool(managed_office_numbers(user))


def can_write_terms_of(user: Any, *, office_number: str) -> bool:
    """National terms (no office number) are for the national administrator alone."""
    return is_national(user) or (office_number != "" and office_number in managed_office_numbers(user))
