"""The portal's settings for a measurement: queries are counted, and one person may ask a thousand times."""

import os

from hellowork import settings as portal

vars().update({name: value for name, value in vars(portal).items() if name.isupper()})

INSTALLED_APPS = [*portal.INSTALLED_APPS, "bench"]
MIDDLEWARE = ["bench.middleware.CountQueriesMiddleware", *portal.MIDDLEWARE]
ACCOUNT_RATE_LIMITS = False
BOOKING_RATE_LIMITS = {"user": "1000000/hour"}

# A Redis that others use too stays untouched: everything of one installation begins with its own prefix.
BENCH_PREFIX = os.environ.get("BENCH_PREFIX", "bench")
CACHES = {"default": {**portal.CACHES["default"], "KEY_PREFIX": BENCH_PREFIX}}
CELERY_BROKER_TRANSPORT_OPTIONS = {**portal.CELERY_BROKER_TRANSPORT_OPTIONS, "global_keyprefix": f"{BENCH_PREFIX}:"}
