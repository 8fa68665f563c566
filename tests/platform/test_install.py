"""demo/install.py: what `make install` does with a virtual environment that is there already, pip being the only stranger."""

import shlex

import pytest

from demo import install

PIP_SUCCEEDS = "echo Installing collected packages: all"
PIP_OFFLINE = "echo 'ERROR: No matching distribution found for django==5.2'; exit 1"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with two lock files and a .venv whose python only writes down what it was asked."""
    monkeypatch.setattr(install, "REPOSITORY", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(install, "INSTALLED", tmp_path / ".venv" / "installed.txt")
    install.PYTHON.parent.mkdir(parents=True)
    for kind in ("demo", "dev"):
        (tmp_path / f"requirements-{kind}.txt").write_text(f"{kind}==1.0 \\\n    --hash=sha256:00\n")
    pip_answers(tmp_path, PIP_SUCCEEDS)
    return tmp_path


def pip_answers(clone, script):
    program = f'#!/bin/sh\necho "$@" >> {shlex.quote(str(clone / "calls"))}\ncase "$*" in *install*) {script};; esac\n'
    install.PYTHON.write_text(program)
    install.PYTHON.chmod(0o755)


def installations(clone):
    """The pip commands that were run since the beginning."""
    calls = clone / "calls"
    return [line for line in calls.read_text().splitlines() if "pip install" in line] if calls.exists() else []


@pytest.mark.parametrize("kind", ["demo", "dev"])
def test_the_lock_file_of_that_kind_is_installed(clone, kind):
    assert install.main(kind) == 0
    assert [line.split()[-1] for line in installations(clone)] == [str(clone / f"requirements-{kind}.txt")]


def test_only_wheels_with_the_locked_hashes_are_installed(clone):
    install.main("demo")
    assert "--only-binary :all: --require-hashes" in installations(clone)[0]


@pytest.mark.parametrize(
    ("first", "then", "runs"),
    [
        pytest.param("demo", "demo", 1, id="nothing changed"),
        pytest.param("dev", "demo", 1, id="the gate's packages contain the demo's"),
        pytest.param("demo", "dev", 2, id="the demo's packages are not enough for the gate"),
    ],
)
def test_what_is_there_is_not_installed_again(clone, first, then, runs):
    assert [install.main(first), install.main(then)] == [0, 0]
    assert len(installations(clone)) == runs


def test_a_changed_lock_file_is_installed(clone):
    install.main("demo")
    (clone / "requirements-demo.txt").write_text("demo==1.1 \\\n    --hash=sha256:11\n")
    install.main("demo")
    assert len(installations(clone)) == 2


def test_without_a_network_the_last_line_says_what_to_check(clone, capsys):
    pip_answers(clone, PIP_OFFLINE)
    assert install.main("demo") == 1
    said = capsys.readouterr().err
    assert said.splitlines()[-1].endswith("Is there a network connection?")
    assert "Traceback" not in said


def test_a_failed_installation_is_tried_again(clone):
    pip_answers(clone, PIP_OFFLINE)
    install.main("demo")
    pip_answers(clone, PIP_SUCCEEDS)
    assert install.main("demo") == 0
    assert len(installations(clone)) == 2
