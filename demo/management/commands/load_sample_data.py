from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo.sample.load import load


class Command(BaseCommand):
    help = "Load the sample offices, people and reservations. Safe to repeat. Only where PORTAL_DEMO is on."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Sample data is only loaded where PORTAL_DEMO=1: its sign-ins are public.")
        self.stdout.write(load(now=timezone.now()))
