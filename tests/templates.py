"""What a template does with a variable that its view forgot."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context


class FailIfUndefined(str):
    """
    Django's `string_if_invalid`, failing the test instead of rendering nothing.

    Only on pages that start from a template of ours: Django's admin relies on undefined variables.
    Django asks it three things in a row: are you set, do you hold "%s", and what with the name in it.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return _is_ours(sys._getframe(1).f_locals.get("context"))

    def __contains__(self, text: object) -> bool:
        return True

    def __mod__(self, variable: Any) -> str:
        page = sys._getframe(1).f_locals["context"].template.origin.template_name
        raise AssertionError(f"{{{{ {variable} }}}} is undefined in {page} or in what it includes.")


def _is_ours(context: Context | None) -> bool:
    if context is None or context.template is None:
        return False
    page, ours = Path(context.template.origin.name), Path(settings.BASE_DIR, "templates")
    return ours in page.parents and ours / "admin" not in page.parents
