"""A minimal site with django-appointment, run by the interpreter of its own environment; see bench/reference.py."""
