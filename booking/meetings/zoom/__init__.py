"""Zoom: provider.py speaks in meetings, transport.py is the one importer of zoomus, answers.py reads refusals."""
