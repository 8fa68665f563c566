"""Counseling reservations, the heart of the portal. A map, from the bottom up (the import contract in pyproject.toml):

enums, errors, clock    words, refusals, the only arithmetic with a time zone
db                      the range expression of the exclusion constraints; refusals out of violated constraints
policies, meetings      what an office decides; meeting software behind one protocol
rules                   pure: windows (opens, closes, late), slots
models                  service, schedule, reservation, meeting
transitions             the state machine: a table and apply()
permissions             who may do what
evidence                who was there: what shows that the person, or the office, came
hosts                   which Zoom user opens the meeting of a session, and when it is free
availability            free slots of a service, computed
freed                   a place is free again: the entry waits again, a worker is woken for the line
demand                  how often people found no time: numbers without names
agenda                  the week and the day of an office, as staff see them
retention               what of a reservation is erased when
mails, invitations      which mail with which facts; the calendar file
effects, tasks          act outside, safe to run twice; their Celery entry points
flows                   one module per story: hold, reserve, cancel, check_in, attend, no_show, complete, leave, waiting, offering
forms, exports, acts    parse input; columns of the export; the buttons of the staff, each with its flow
views, urls, admin      by audience: seeker, counselor, office
periodic                what the beat starts: find rows, call one flow or queue one task per row
"""
