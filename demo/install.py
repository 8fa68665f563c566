"""Creates .venv and installs the locked packages into it. Needs nothing but Python's standard library.

    python3 demo/install.py demo|dev

Does nothing when the packages of the lock file are installed already.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "installed.txt"
# The packages of the gate contain those of the demo.
LOCK_FILES = {"demo": ("demo",), "dev": ("dev", "demo")}


def main(kind: str) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  this file runs under whatever python3 there is
        return _fail(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 run"
        )
    wanted = fingerprint(kind)
    if INSTALLED.is_file() and wanted in INSTALLED.read_text().split():
        return 0
    if not PYTHON.exists():
        print("Creating .venv", flush=True)
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:
            return _fail("Python cannot create a virtual environment (on Debian: apt-get install python3-venv).")
    elif _call("-m", "pip", "--version").returncode:
        _call("-m", "ensurepip")
    if status := install(REPOSITORY / f"requirements-{kind}.txt"):
        return status
    INSTALLED.write_text("\n".join(fingerprint(covered) for covered in LOCK_FILES[kind]) + "\n")
    return 0


def fingerprint(kind: str) -> str:
    return hashlib.sha256((REPOSITORY / f"requirements-{kind}.txt").read_bytes()).hexdigest()


def install(lock_file: Path) -> int:
    total = sum("==" in line and not line.startswith((" ", "#")) for line in lock_file.read_text().splitlines())
    print(f"Installing {total} packages of {lock_file.name}", flush=True)
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(lock_file)]
    output: list[str] = []
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            output.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                if seen % 10 == 0:
                    print(f"  {seen} of {total} packages", flush=True)
            elif line.startswith("Installing collected"):
                print("  unpacking", flush=True)
    if status := process.returncode:
        print("".join(output[-25:]), file=sys.stderr)
        return _fail(
            "The packages could not be installed; pip's last lines are above. Is there a network connection?", status
        )
    return 0


def _call(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([PYTHON, *arguments], capture_output=True, check=False)


def _fail(message: str, status: int = 1) -> int:
    print(message, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
