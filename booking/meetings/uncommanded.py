"""Software that takes no commands: nothing is created, cancelled or counted for it (ADR 14)."""

from datetime import datetime
from typing import ClassVar, NoReturn

from booking.meetings.errors import CannotBeCommanded
from booking.meetings.protocol import Capability, MeetingRequest


class UncommandedProvider:
    """Every method refuses: a task that gets here forgot to ask the capabilities."""

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def _refuse(self) -> NoReturn:
        raise CannotBeCommanded(f"{self.name}: the portal cannot command this software")

    def create(self, request: MeetingRequest, *, now: datetime) -> NoReturn:
        self._refuse()

    def find_by_ref(self, host: str, *, ref: str) -> NoReturn:
        self._refuse()

    def read(self, meeting_id: str) -> NoReturn:
        self._refuse()

    def change(self, meeting_id: str, request: MeetingRequest, *, now: datetime) -> NoReturn:
        self._refuse()

    def cancel(self, meeting_id: str) -> NoReturn:
        self._refuse()

    def host_url(self, meeting_id: str) -> NoReturn:
        self._refuse()

    def status(self, meeting_id: str) -> NoReturn:
        self._refuse()

    def attendance(self, meeting_id: str, *, host: str) -> NoReturn:
        self._refuse()

    def scheduled(self, host: str) -> NoReturn:
        self._refuse()
