"""A clerk inside Django: one JSON request per line in, one JSON answer per line out, until the input ends."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection

from booking.periodic import sweep_meetings
from chaos.data import make_scene, rows
from chaos.plan import Plan


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, **_options: Any) -> None:
        for line in sys.stdin:
            request = json.loads(line)
            connection.close()
            self.stdout.write(json.dumps(self._answer(**request), ensure_ascii=False))
            self.stdout.flush()
            close_old_connections()

    def _answer(self, *, act: str, **facts: Any) -> Any:
        match act:
            case "scene":
                return make_scene(Plan(**facts["plan"]), reminders_in=facts["reminders_in"])
            case "rows":
                return rows()
            case "sweep":
                sweep_meetings.delay()
                return None
        raise LookupError(act)
