"""How much of everything a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    counselors: int = 10
    days: int = 10
    half_hours: int = 20
    taken: int = 500
    past: int = 2_000
    growth: int = 100
    exported: int = 100_000
    exported_from_both: int = 2_000
    exports: int = 3
    page_rounds: int = 60
    crowd: int = 16
    crowd_requests: int = 320
    bookings: int = 25
    burst: int = 1_000
    burst_on_both: int = 200

    @property
    def places(self) -> int:
        return self.counselors * self.days * self.half_hours


FULL = Plan()
SMALL = Plan(
    counselors=2,
    taken=50,
    past=100,
    growth=10,
    exported=1_000,
    exported_from_both=100,
    exports=1,
    page_rounds=3,
    crowd=2,
    crowd_requests=4,
    bookings=2,
    burst=4,
    burst_on_both=2,
)
"""Shows that every part works; its figures mean nothing."""
