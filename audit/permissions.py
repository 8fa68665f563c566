from typing import Any


def is_national(user: Any) -> bool:
    """The national administrator: the only one who reads across all offices, the record included."""
    return bool(user.is_active and user.is_staff and user.is_superuser)
