"""What is installed is what is pinned."""

import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import audit

ROOT = Path(__file__).parent.parent


def pinned(*files: str) -> dict[str, Requirement]:
    lines = [line for file in files for line in (ROOT / file).read_text().splitlines()]
    requirements = [re.sub(r"\s+#.*", "", line) for line in lines if line[:1].isalnum()]
    return {canonicalize_name(each.name): each for each in map(Requirement, requirements)}


def applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


PINS = pinned("requirements.txt", "requirements-dev.txt")


@pytest.mark.parametrize("name", [name for name, pin in PINS.items() if applies(pin, set())])
def test_the_pinned_version_is_installed(name: str) -> None:
    assert str(PINS[name].specifier) == f"=={distribution(name).version}"


@pytest.mark.parametrize("files", [["requirements.txt"], ["requirements.txt", "requirements-dev.txt"]])
def test_everything_that_a_package_needs_is_pinned_too(files: list[str]) -> None:
    pins = pinned(*files)
    needed = {
        canonicalize_name(need.name)
        for name, pin in pins.items()
        if applies(pin, set())
        for need in map(Requirement, distribution(name).requires or [])
        if applies(need, pin.extras)
    }
    assert needed <= set(pins)


# --- Locks: the same pins, and the hashes of every file that may be installed ------------------------

LOCKS = {
    "requirements.lock": ["requirements.txt"],
    "requirements-dev.lock": ["requirements.txt", "requirements-dev.txt"],
}


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Return version and hashes of each package in a lock; what only Windows needs is in no pins of ours."""
    text = (ROOT / name).read_text().replace("\\\n", "")
    entries = [line.split("--hash=") for line in text.splitlines() if line[:1].isalnum()]
    parsed = [(Requirement(pin), [each.strip() for each in hashes]) for pin, *hashes in entries]
    return {
        canonicalize_name(each.name): (str(each.specifier), hashes)
        for each, hashes in parsed
        if "win32" not in str(each.marker)
    }


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_holds_the_same_pins(name: str) -> None:
    """If it does not: make lock."""
    pins = {name: str(pin.specifier) for name, pin in pinned(*LOCKS[name]).items()}
    assert {name: version for name, (version, _) in locked(name).items()} == pins


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes(name: str) -> None:
    hashes = [each for _, (_, hashes) in locked(name).items() for each in hashes or [""]]
    assert [each for each in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", each)] == []


def test_make_installs_nothing_without_a_hash() -> None:
    installs = re.findall(r"pip install.*", (ROOT / "Makefile").read_text())
    assert installs
    assert all("--require-hashes" in line for line in installs if "uv pip" not in line)


# --- The audit ---------------------------------------------------------------------------------------

FAULT = {"id": "PYSEC-1", "fix_versions": ["2.0"]}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "No known faults in 1 packages."),
        ([{"name": "a", "version": "1", "vulns": [FAULT]}], 1, "a 1: PYSEC-1, fixed in 2.0"),
        ([{"name": "a", "skip_reason": "not found"}], 0, "SKIPPED: 1 of 1"),
        ([{"name": "a", "skip_reason": "x"}, {"name": "b", "version": "1", "vulns": [FAULT]}], 1, "b 1"),
    ],
)
def test_an_audit_that_asked_nobody_does_not_look_like_a_good_one(
    packages: list[dict[str, Any]], code: int, words: str
) -> None:
    told = audit.verdict(packages)
    assert told[0] == code
    assert words in told[1]
