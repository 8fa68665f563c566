"""What has to be true before the processes start. Every step may be repeated."""

import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from demo.addresses import REPOSITORY


class PreparationError(Exception):
    """A step failed; its own output is already on the screen."""


def prepare(environment: dict[str, str]) -> None:
    _step("Creating or updating the tables")
    manage("migrate", "--noinput", "--verbosity", "0", environment=environment)
    _step("Compiling translations")
    compile_translations(REPOSITORY / "locale")
    _step("Collecting static files")
    manage("collectstatic", "--noinput", "--verbosity", "0", environment=environment)
    _step("Loading sample data")
    manage("load_sample_data", environment=environment)


def manage(*arguments: str, environment: dict[str, str]) -> None:
    result = subprocess.run([sys.executable, REPOSITORY / "manage.py", *arguments], env=environment, check=False)
    if result.returncode:
        raise PreparationError(f"manage.py {arguments[0]} failed; its message is above.")


def compile_translations(folder: Path) -> int:
    """Compile every .po below `folder` as msgfmt would (fuzzy entries left out); returns how many there were."""
    sources = sorted(folder.glob("*/LC_MESSAGES/*.po"))
    for source in sources:
        with source.open("rb") as readable:
            catalog = read_po(readable)
        with source.with_suffix(".mo").open("wb") as writable:
            write_mo(writable, catalog)
    return len(sources)


def _step(text: str) -> None:
    print(text, flush=True)
