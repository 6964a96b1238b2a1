"""SECURITY.md names what there is."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE)))


@pytest.mark.parametrize("path", TESTS)
def test_a_test_that_it_names_is_there(path: str) -> None:
    assert "\ndef test_" in (ROOT / path).read_text()


def test_every_line_names_a_test() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert len(lines) > 10
    assert [line for line in lines if "`tests/" not in line] == []


@pytest.mark.parametrize("command", sorted(set(re.findall(r"manage\.py (\w+)", PAGE))))
def test_a_command_that_it_names_is_there(command: str) -> None:
    assert command in get_commands()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"[`*]([A-Z]+_[A-Z_]+|EMAIL_URL)[`*]", PAGE))))
def test_a_setting_that_it_names_is_explained(name: str) -> None:
    assert f"#{name}=" in (ROOT / ".env.example").read_text()
