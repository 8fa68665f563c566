from tests.staff.conftest import client_of, now, world

__all__ = ["client_of", "now", "world"]
