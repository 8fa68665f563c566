"""The mail server inside the harness: it records, can be cut off, and kills who sends at the points around a mail."""

import asyncio
import email
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiosmtpd.controller import Controller

from chaos.facts import Delivery
from chaos.fleet import Fleet
from chaos.points import Armed, Point
from demo.addresses import HOST


@dataclass
class _Accepted:
    message_id: str
    to: str
    began_at: float
    accepted_at: float
    ended_well: bool = False


class DeadlyMailServer:
    """`cut` closes every line and lets nobody in; `mend` ends that."""

    def __init__(self, *, port: int, fleet: Fleet, armed: Armed) -> None:
        self.port = port
        self._fleet = fleet
        self._armed = armed
        self._accepted: list[_Accepted] = []
        self._sessions: dict[int, Any] = {}
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname=HOST, port=self.port, enable_SMTPUTF8=True)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def cut(self) -> None:
        """In the middle of whatever is being said."""
        for server in list(self._sessions.values()):
            with suppress(RuntimeError, AttributeError):
                server.loop.call_soon_threadsafe(server.transport.abort)
        self.stop()

    def mend(self) -> None:
        if self._controller is None:
            self.start()

    def deliveries(self) -> tuple[Delivery, ...]:
        return tuple(
            Delivery(
                message_id=mail.message_id,
                to=mail.to,
                began_at=mail.began_at,
                accepted_at=mail.accepted_at,
                ended_well=mail.ended_well,
            )
            for mail in list(self._accepted)
        )

    # --- aiosmtpd's hooks; their names are its own ---------------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        session.began_at = time.time()
        session.accepted = []
        self._sessions[id(session)] = server
        await self._kill(server, session, Point.BEFORE_SEND)
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content)
        mail = _Accepted(
            message_id=str(message["Message-ID"] or ""),
            to=",".join(envelope.rcpt_tos),
            began_at=session.began_at,
            accepted_at=time.time(),
        )
        self._accepted.append(mail)
        session.accepted.append(mail)
        await self._kill(server, session, Point.AFTER_ACCEPT)
        return "250 kept"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        for mail in session.accepted:
            mail.ended_well = True
        self._sessions.pop(id(session), None)
        return "221 Bye"

    async def _kill(self, server: Any, session: Any, point: Point) -> None:
        """The strike is a thread's: when the client dies, aiosmtpd gives up this coroutine at once."""
        if self._armed.take(point) and await asyncio.to_thread(self._strike, session.peer[1], point):
            server.transport.abort()

    def _strike(self, peer_port: int, point: Point) -> bool:
        if self._fleet.kill_peer(peer_port=peer_port, port=self.port, why=point):
            self._armed.hit(point)
            return True
        self._armed.give_back(point)
        return False
