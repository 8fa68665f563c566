"""`celery -A chaos.beat beat`: the portal's beat schedule at the pace of the run; what is due at night is not.

Without recovery only the timer of the mails is left of it.
"""

from datetime import timedelta

from django.conf import settings

from hellowork.celery import app

MAILS = "send mails that are due"

if not settings.RECOVERS:
    app.conf.beat_schedule = {MAILS: app.conf.beat_schedule[MAILS]}
for entry in app.conf.beat_schedule.values():
    if isinstance(entry["schedule"], timedelta):
        entry["schedule"] /= settings.PACE
