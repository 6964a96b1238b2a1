"""What a run on a second engine leaves out, and what it does not."""

from types import SimpleNamespace

import pytest

from tests.conftest import STRIDE, worth_a_second_engine


def item(name, *fixtures, marks=()):
    """Return what pytest would collect."""
    return SimpleNamespace(
        nodeid=name,
        fixturenames=fixtures,
        get_closest_marker=lambda mark: mark if mark in marks else None,
    )


@pytest.mark.parametrize(
    "asking",
    [
        item("test", "partner", "db"),
        item("test", "stack", "transactional_db"),
        item("test", marks=["django_db"]),
    ],
)
def test_whatever_asks_a_database_is_asked_again(asking):
    assert list(worth_a_second_engine([asking])) == [asking]


def test_what_asks_none_is_not():
    assert list(worth_a_second_engine([item("test", "tmp_path", marks=["slow"])])) == []


def test_a_walk_is_sampled_from_its_first_step_on_and_each_by_itself():
    walks = [
        item(f"{name}[{n}]", marks=["walk", "django_db"]) for name in ("a", "b") for n in range(STRIDE + 1)
    ]
    sample = [each.nodeid for each in worth_a_second_engine(walks)]
    assert sample == ["a[0]", f"a[{STRIDE}]", "b[0]", f"b[{STRIDE}]"]
