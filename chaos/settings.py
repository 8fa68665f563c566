"""The portal's settings for a run of the chaos suite: the same rules, twelve times faster."""

from datetime import timedelta

from hellowork import settings as portal

vars().update({name: value for name, value in vars(portal).items() if name.isupper()})

INSTALLED_APPS = [*portal.INSTALLED_APPS, "chaos"]
PACE = 12
RECOVERS = True
CELERY_TASK_TIME_LIMIT = portal.CELERY_TASK_TIME_LIMIT // PACE
CELERY_TASK_SOFT_TIME_LIMIT = portal.CELERY_TASK_SOFT_TIME_LIMIT // PACE
ZOOM_TIMEOUT = timedelta(seconds=1)
EMAIL_TIMEOUT = 2
# The clients of a run are few people who book often.
ACCOUNT_RATE_LIMITS = False
BOOKING_RATE_LIMITS = {"user": "1000000/hour"}
