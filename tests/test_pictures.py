"""The README's pictures are there, and small enough to be looked at."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
SHOWN = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", (PROJECT / "README.md").read_text())


@pytest.mark.parametrize(("words", "path"), SHOWN)
def test_a_picture_is_a_small_png_with_words_for_it(words, path):
    picture = (PROJECT / path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 150_000
    assert len(words) > 20


def test_every_picture_is_shown():
    taken = {str(each.relative_to(PROJECT)) for each in (PROJECT / "docs" / "images").iterdir()}
    assert taken == {path for _, path in SHOWN}
