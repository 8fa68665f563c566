"""One table for all addresses and all roles. A new address without a line in it fails."""

import pytest

from tests.permissions.portal import ROLES, portal_of, routes
from tests.permissions.table import TABLE
from tests.staff.conftest import World

LINES = [line.split() for line in TABLE.strip().splitlines()]


def test_every_address_of_the_portal_is_in_the_table():
    assert sorted(routes()) == sorted(route for _method, route, *_statuses in LINES)


@pytest.mark.requirement("J-12")
@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_what_the_table_says(world: World, role: str):
    portal = portal_of(world)
    expected = {(method, route): int(statuses[ROLES.index(role)]) for method, route, *statuses in LINES}
    actual = {(method, route): portal.status(method, route, role) for method, route in expected}
    assert actual == expected
