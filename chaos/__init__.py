"""`make chaos`, or `python -m chaos`: every reservation gets one meeting and each mail once, whatever is killed (docs/chaos.md).

__main__.py   one run: servers, two phases (with recovery and guards, and with neither), figures, table, exit status
plan.py       how much happens; settings.py and beat.py: the portal's own, twelve times faster
without_guards.py  what keeps the figures at 0, taken away from the second phase (unguarded_settings.py)
phase.py      one phase from the first client to the judged facts; portal.py: its servers and processes
fleet.py      processes that are started, watched, killed by their ids, started again
points.py     the named points; zoom.py, mail.py and database.py kill whoever comes to one that is loaded
clients.py    people who book, move and cancel at the same time; told.py: what they were told
script.py     what is done to the portal meanwhile
data.py       the office, and what its database says; management/commands/ run it inside Django, clerk.py asks them
facts.py      everything that is looked at; judge.py: from facts to figures; report.py: the table
"""
