"""How much happens in a run, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    clients: int = 5
    """At once."""
    counselors: int = 8
    standing: int = 24
    """Reservations that are there before the chaos begins; their reminders are due in the middle of it."""
    seekers: int = 30
    days: int = 3
    workers: int = 2
    act_seconds: float = 1.8
    """How long each act of the script lasts: a fault is on, or a server away."""
    does_all: bool = True
    """Every way to kill and to restart; else one way for each process and server."""
    heal_within: float = 75.0
    without_recovery_seconds: float = 12.0
    """How long the second phase waits for a healing that must not come."""


FULL = Plan()
SHORT = Plan(clients=3, counselors=4, standing=8, seekers=9, days=2, act_seconds=0.5, does_all=False, heal_within=60.0)
"""Every named point, process and server once, a few faults: for `make test`."""
