"""The settings of the second phase: those of the first, without recovery and without guards."""

from chaos import settings as guarded

vars().update({name: value for name, value in vars(guarded).items() if name.isupper()})

INSTALLED_APPS = [*guarded.INSTALLED_APPS, "chaos.without_guards.WithoutGuards"]
RECOVERS = False
