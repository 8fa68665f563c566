from tests.staff.conftest import now, world

__all__ = ["now", "world"]
