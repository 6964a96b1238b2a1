"""A variable that a view forgot fails the suite."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Origin, Template


def page(source: str, name: str) -> Template:
    path = Path(settings.BASE_DIR, "templates", name)
    return Template(source, origin=Origin(name=str(path), template_name=name))


def test_an_undefined_variable_fails_on_our_pages() -> None:
    with pytest.raises(AssertionError, match=r"\{\{ webhok\.url \}\} is undefined in webhooks/list\.html"):
        page("{{ webhok.url }}", "webhooks/list.html").render(Context({"webhook": 1}))


def test_a_default_does_not_hide_it() -> None:
    with pytest.raises(AssertionError, match="undefined"):
        page("{{ webhok|default:'none' }}", "webhooks/list.html").render(Context())


def test_asking_whether_it_is_there_is_allowed() -> None:
    assert page("{% if webhok %}yes{% else %}no{% endif %}", "webhooks/list.html").render(Context()) == "no"


@pytest.mark.parametrize("name", ["admin/index.html", "/elsewhere/django/admin/base.html"])
def test_the_admins_own_pages_do_as_in_earnest(name: str) -> None:
    assert page("{{ unknown|default:'none' }}", name).render(Context()) == "none"
