"""The mark to beat, measured in the same run: one staff member and one day of django-appointment.

It lives in an environment of its own in var/ (never in the portal's), made once by uv, and runs on the same gunicorn
set-up and the same PostgreSQL.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.browser import HOST, Answer, Browser
from bench.figures import Figure, milliseconds
from bench.installation import Databases, NotStarted, Site, answers_at, process, wait_for
from demo.addresses import REPOSITORY, VAR
from demo.run_tests import free_port

ENVIRONMENT = VAR / "bench-reference"
PACKAGES = ["django-appointment==3.12.0", "Django>=5.2,<5.3", "gunicorn", "psycopg2-binary"]
WARM_UP = 6


@dataclass(frozen=True)
class Reference:
    port: int
    path: str

    def ask(self) -> Answer:
        answer = Browser(self.port).get(self.path, headers={"X-Requested-With": "XMLHttpRequest"})
        if not json.loads(answer.body).get("available_slots"):
            raise NotStarted("django-appointment offered no time.")
        return answer


def interpreter() -> Path:
    """The environment's Python; made when it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if (ENVIRONMENT / "complete").exists():
        return python
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise NotStarted("uv was not found: run `make install-dev`, or measure with --no-reference.")
    VAR.mkdir(exist_ok=True)
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT],
        [uv, "pip", "install", "--quiet", "--python", python, *PACKAGES],
    ):
        if subprocess.run(command, check=False).returncode:
            raise NotStarted("django-appointment could not be installed; measure with --no-reference.")
    (ENVIRONMENT / "complete").touch()
    return python


def measure_against_reference(site: Site) -> Iterator[Figure]:
    """The page with all places and one staff-day of django-appointment, in turn, by one client."""
    part = "2,000 places in one page, against one staff-day of django-appointment"
    path = f"/services/{site.scene['service']}/times/"
    pages: list[float] = []
    days: list[float] = []
    try:
        with reference(site.folder, database_url=site.database_url) as other:
            for number in range(site.plan.page_rounds + WARM_UP):
                day, page = other.ask().seconds, site.many.browser().get(path).seconds
                if number >= WARM_UP:
                    days.append(day)
                    pages.append(page)
    except NotStarted as error:
        print(f"Without the reference: {error}", file=sys.stderr)
        return
    yield milliseconds(part, "django-appointment, one staff member and one day", days)
    yield milliseconds(part, "times page, all places", pages)
    ratio = median(pages) / median(days)
    yield Figure(part=part, name="times page / one staff-day", value=ratio, unit="x", goal="<= 2")


@contextmanager
def reference(folder: Path, *, database_url: str) -> Iterator[Reference]:
    python = interpreter()
    with Databases(database_url).new() as url:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "bench.reference_site.settings",
            "PYTHONPATH": str(REPOSITORY),
        }
        _manage(python, "migrate", "--verbosity", "0", environment=environment)
        # The package comes without migrations; its tables need those of the users first.
        _manage(python, "migrate", "--run-syncdb", "--verbosity", "0", environment=environment)
        staff, service, day = _manage(python, "reference_data", environment=environment).split()[-3:]
        port, log = free_port(), folder / "reference.log"
        options = ["--bind", f"{HOST}:{port}", "--workers", "2", "--log-level", "warning", "--no-control-socket"]
        command = ["gunicorn", "bench.reference_site.wsgi", *options]
        with process(*command, environment=environment, log=log, python=str(python)) as gunicorn:
            wait_for(lambda: answers_at(port, "/"), of=gunicorn, log=log)
            path = f"/appointment/ajax/available_slots/?selected_date={day}&staff_member={staff}&service_id={service}"
            yield Reference(port, path)


def _manage(python: Path, *arguments: str, environment: dict[str, str]) -> str:
    command = [python, "-m", "django", *arguments]
    result = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, check=False, text=True)
    if result.returncode:
        raise NotStarted(f"django-appointment: {' '.join(arguments)} failed:\n{result.stderr[-2000:]}")
    return result.stdout
