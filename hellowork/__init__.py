"""The project package: settings, urls, the Celery app and its one beat schedule."""

from hellowork.celery import app as celery_app

__all__ = ["celery_app"]
