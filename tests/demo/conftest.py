from datetime import datetime

import pytest

from booking.clock import JST


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning without holidays near, in the year of the sample terms."""
    return datetime(2026, 6, 10, 9, 20, tzinfo=JST)
