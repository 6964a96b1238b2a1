"""The stylesheet dresses what there is, and nothing else."""

import re
from pathlib import Path

from django.conf import settings

STYLESHEET = Path(settings.BASE_DIR, "static", "portal.css")

#: Put on elements by htmx, and by Django's forms.
FOREIGN = {"errorlist", "htmx-added", "htmx-request", "htmx-settling"}


def classes_in(stylesheet: str) -> set[str]:
    """Return the class names that its selectors hold."""
    rules = re.sub(r"/\*.*?\*/", "", stylesheet, flags=re.DOTALL)
    selectors = re.findall(r"([^{};]+)\{", rules)
    return {name for each in selectors for name in re.findall(r"\.([a-z][\w-]*)", each)}


def words_of_the_portal() -> set[str]:
    """Return what is written in the templates, the script, and the code that names a class for them."""
    rooms = ("portal", "webhooks", "deliveries")
    files = [*Path(settings.BASE_DIR, "templates").rglob("*.html"), STYLESHEET.with_name("portal.js")]
    files += [path for room in rooms for path in Path(settings.BASE_DIR, room).rglob("*.py")]
    return {word for path in files for word in re.findall(r"[\w-]+", path.read_text())}


def test_every_class_that_is_styled_is_used() -> None:
    assert classes_in(STYLESHEET.read_text()) - FOREIGN - words_of_the_portal() == set()


def test_a_class_is_read_out_of_its_selector() -> None:
    assert classes_in("/* .no */ .a:is(.b-c, p) > i { margin: .5rem } @media (x) { .d { e: 1 } }") == {
        "a",
        "b-c",
        "d",
    }
