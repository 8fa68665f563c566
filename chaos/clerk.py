"""Asks the clerk inside Django (chaos_data), one line of JSON each way."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.facts import Booked, MailRow, MeetingRow
from chaos.plan import Plan
from demo.addresses import REPOSITORY


class Clerk:
    def __init__(self, process: "subprocess.Popen[str]", *, log: Path) -> None:
        self._process = process
        self._log = log

    def scene(self, plan: Plan, *, reminders_in: float) -> dict[str, Any]:
        return self._ask(act="scene", plan=asdict(plan), reminders_in=reminders_in)

    def sweep(self) -> None:
        self._ask(act="sweep")

    def rows(self) -> dict[str, Any]:
        """`now`, `booked`, `meetings` and `mails` as chaos.facts has them."""
        told = self._ask(act="rows")
        return {
            "now": datetime.fromisoformat(told["now"]),
            "booked": tuple(_booked(row) for row in told["booked"]),
            "meetings": tuple(MeetingRow(**row) for row in told["meetings"]),
            "mails": tuple(MailRow(**row) for row in told["mails"]),
        }

    def _ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The clerk is gone:\n{self._log.read_text()[-3000:]}")
        return json.loads(answer)


@contextmanager
def clerk(environment: dict[str, str], *, log: Path) -> Iterator[Clerk]:
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, REPOSITORY / "manage.py", "chaos_data"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        yield Clerk(process, log=log)
    finally:
        process.kill()
        process.communicate()


def _booked(row: dict[str, Any]) -> Booked:
    moments = {name: datetime.fromisoformat(row[name]) for name in ("starts_at", "ends_at", "set_at")}
    reminders = tuple((kind, datetime.fromisoformat(moment)) for kind, moment in row["reminders"])
    host_until = datetime.fromisoformat(row["host_until"]) if row["host_until"] else None
    return Booked(**{**row, **moments, "reminders": reminders, "host_until": host_until})
