"""The table for people and the JSON for programs."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby

import psutil

from bench.figures import Figure

MARKS = """Marks measured elsewhere, on a machine of this size (2 cores), stated here for comparison:
  django-appointment, one staff member and one day: 16-18 ms (100 such requests for the 2,000 places)
  pretix, month page: 1.35 s, 4.17 MB, 1.4 requests/s with 16 clients"""


def machine() -> dict[str, str]:
    memory = psutil.virtual_memory().total / 2**30
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}",
        "load": f"{os.getloadavg()[1]:.1f} on average in the 5 minutes before the end",
    }


def as_table(figures: Iterable[Figure]) -> str:
    lines = [f"{'':52}{'median':>10}{'p95':>10}  {'':8}{'goal':>10}"]
    for part, group in groupby(figures, key=lambda figure: figure.part):
        lines += ["", part]
        lines += [_line(figure) for figure in group]
    return "\n".join([*lines, "", MARKS, "", *(f"{name}: {value}" for name, value in machine().items())])


def as_json(figures: Iterable[Figure]) -> str:
    rows = [{**asdict(figure), "is_met": figure.is_met} for figure in figures]
    return json.dumps({**machine(), "figures": rows}, ensure_ascii=False, indent=1)


def _line(figure: Figure) -> str:
    tail = _text(figure.p95) if figure.p95 is not None else ""
    verdict = {None: "", True: "met", False: "NOT MET"}[figure.is_met]
    return f"  {figure.name:50}{_text(figure.value):>10}{tail:>10}  {figure.unit:8}{figure.goal or '':>10}  {verdict}".rstrip()


def _text(value: float) -> str:
    if value == int(value) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
