"""What is installed is what is pinned."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
