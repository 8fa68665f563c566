"""Makes the scene in an empty database, or lengthens its past; the result is one line of JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from bench.data import add_past, book_at_once, make_scene
from bench.plan import Plan


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["scene", "past", "burst"])
        parser.add_argument("--plan", type=json.loads, required=True)
        parser.add_argument("--first", type=int, default=0)
        parser.add_argument("--last", type=int, default=0)

    def handle(self, *, act: str, plan: dict[str, Any], first: int, last: int, **_options: Any) -> None:
        chosen = Plan(**plan)
        if act == "burst":
            self.stdout.write(json.dumps(book_at_once(chosen, first=first, last=last).timestamp()))
            return
        if act == "scene":
            self.stdout.write(json.dumps(make_scene(chosen)))
        else:
            add_past(chosen, first=first, last=last)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
