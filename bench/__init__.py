"""`make bench`, or `python -m bench`: how fast the portal is, on gunicorn, PostgreSQL, Redis, Celery and SMTP.

__main__.py      one run: servers, two databases (few and 100 times more past reservations), figures, table or JSON
plan.py          how much of everything: the full run and a small one
settings.py      the portal's settings, counting queries, without rate limits; middleware.py counts
data.py          the office that is measured; management/commands/ make the data in a process of their own
installation.py  web, worker, Zoom stand-in and mail sink as real processes on loopback ports
browser.py       a lean HTTP client that keeps cookies and reads the clock
pages.py         the page of free times; way.py: a booking to its mail; burst.py: 1,000 at once; export.py
reference.py     the same question put to django-appointment, in an environment of its own
report.py        goals, table, JSON
"""
