"""python -m bench [--json] [--small]: one run on servers and databases of its own, removed afterwards."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.browser import UnexpectedAnswer
from bench.burst import measure_burst
from bench.export import measure_export
from bench.figures import Figure
from bench.installation import NotStarted, Site, site
from bench.pages import measure_pages
from bench.plan import FULL, SMALL, Plan
from bench.reference import measure_against_reference
from bench.report import as_json, as_table
from bench.way import measure_bookings
from demo.run_tests import free_port
from demo.servers import ServerError, servers

PARTS = {
    "pages": measure_pages,
    "reference": measure_against_reference,
    "export": measure_export,
    "bookings": measure_bookings,
    "burst": measure_burst,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="How fast the portal is, with the goals beside it.")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--small", action="store_true", help="a few rows only: shows that the bench works")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part (may be repeated)")
    parser.add_argument("--no-reference", action="store_true", help="without django-appointment, which is downloaded")
    options = parser.parse_args()
    plan = SMALL if options.small else FULL
    parts = options.only or [part for part in PARTS if part != "reference" or not options.no_reference]
    # Not inside the clone: its path may be too long for a socket, or closed to the account PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="hellowork-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    figures: list[Figure] = []
    failed = False
    try:
        figures.extend(measured(folder, plan, parts=parts))
    except (ServerError, NotStarted, UnexpectedAnswer, TimeoutError) as error:
        failed = True
        print(error, *_ends_of_logs(folder), sep="\n", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(as_json(figures) if options.json else as_table(figures))
    return int(failed)


def measured(folder: Path, plan: Plan, *, parts: list[str]) -> Iterator[Figure]:
    begin = time.monotonic()
    _say("Starting servers, making the data", begin)
    with (
        servers(folder, database="hellowork", redis_port=free_port()) as (database_url, redis_url),
        site(folder, plan=plan, database_url=database_url, redis_url=redis_url) as ready,
    ):
        yield from _measured(ready, parts, begin)
    _say("Done", begin)


def _measured(ready: Site, parts: list[str], begin: float) -> Iterator[Figure]:
    for part in parts:
        _say(f"Measuring: {part}", begin)
        yield from PARTS[part](ready)


def _ends_of_logs(folder: Path) -> list[str]:
    """What the processes said last, before their folder goes."""
    return [f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in sorted(folder.glob("*.log"))]


def _say(text: str, begin: float) -> None:
    print(f"{time.monotonic() - begin:6.1f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
