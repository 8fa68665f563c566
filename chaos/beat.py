"""`celery -A chaos.beat beat`: the portal's beat schedule at the pace of the run; what is due at night is not."""

from datetime import timedelta

from django.conf import settings

from hellowork.celery import app

for entry in app.conf.beat_schedule.values():
    if isinstance(entry["schedule"], timedelta):
        entry["schedule"] /= settings.PACE
