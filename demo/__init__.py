"""What `make run` adds on one machine; never loaded in production.

run.py        the runner behind `make run`: servers, preparation, processes, addresses
servers.py    PostgreSQL and Redis from wheels
prepare.py    migrations, translations, static files, sample data
addresses.py  ports, and the environment that points every process at this machine
mailbox/      an SMTP server that keeps every mail, and the page to read them
"""
