"""The Celery app and the one beat schedule: when runs what."""

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hellowork.settings")

app = Celery("hellowork")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")

app.conf.beat_schedule = {
    "release expired holds": {
        "task": "booking.periodic.release_expired_holds",
        "schedule": timedelta(seconds=30),
    },
    "cancel no-shows": {
        "task": "booking.periodic.cancel_no_shows",
        "schedule": timedelta(seconds=15),
    },
    "ask where offices are": {
        "task": "booking.periodic.ask_where_offices_are",
        "schedule": timedelta(seconds=30),
    },
    "take notices left behind": {
        "task": "booking.periodic.take_notices_left_behind",
        "schedule": timedelta(minutes=1),
    },
    "ask who is in the meetings": {
        "task": "booking.periodic.ask_who_is_there",
        "schedule": timedelta(minutes=1),
    },
    "ask who was in the meetings": {
        "task": "booking.periodic.ask_who_was_there",
        "schedule": timedelta(minutes=5),
    },
    "serve the waiting lines": {
        "task": "booking.periodic.serve_waiting_lines",
        "schedule": timedelta(minutes=1),
    },
    "write down unmet demand": {
        "task": "booking.periodic.count_unmet_demand",
        "schedule": timedelta(minutes=10),
    },
    "complete past sessions": {
        "task": "booking.periodic.complete_past_sessions",
        "schedule": timedelta(minutes=5),
    },
    "wake up meetings left behind": {
        "task": "booking.periodic.wake_up_meetings",
        "schedule": timedelta(seconds=30),
    },
    "warn offices of missing links": {
        "task": "booking.periodic.warn_of_missing_links",
        "schedule": crontab(hour="8-16", minute="5"),
    },
    "send mails that are due": {
        "task": "mailing.periodic.send_due_mails",
        "schedule": timedelta(seconds=15),
    },
    "read what came back undelivered": {
        "task": "mailing.periodic.read_bounces",
        "schedule": timedelta(minutes=3),
    },
    "purge registrations nobody confirmed": {
        "task": "accounts.periodic.purge_expired_registrations",
        "schedule": timedelta(minutes=15),
    },
    "purge mail contents": {
        "task": "mailing.periodic.purge_mail_contents",
        "schedule": crontab(hour="3", minute="10"),
    },
    "purge consents of deleted accounts": {
        "task": "terms.periodic.purge_consents_of_deleted_accounts",
        "schedule": crontab(hour="3", minute="30"),
    },
    "clear expired sessions": {
        "task": "accounts.periodic.clear_sessions",
        "schedule": crontab(hour="3", minute="40"),
    },
    "look after unused accounts": {
        "task": "accounts.periodic.look_after_unused_accounts",
        "schedule": crontab(hour="4", minute="10"),
    },
    "sweep meetings at Zoom": {
        "task": "booking.periodic.sweep_meetings",
        "schedule": crontab(hour="4", minute="30"),
    },
    "purge personal data of past sessions": {
        "task": "booking.periodic.purge_personal_data",
        "schedule": crontab(hour="3", minute="20"),
    },
}
