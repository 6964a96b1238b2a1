"""A payload template and an event's body to the body that is sent instead. Pure."""

import json
from typing import Any

from deliveries.serialization import dumps
from webhooks import payload_templates
from webhooks.payload_fields import MAX_BODY_BYTES
from webhooks.payload_templates import TemplateError

#: With so many digits an integer may be one that JavaScript counts as a double.
UNCERTAIN = 16

TOO_DEEP = "$: the body is nested too deeply for JSON's readers; put the event's fields less deep."


def rendered(template: str, body: str) -> str:
    """
    Return what *template* makes of *body*, a text of `serialization.dumps`.

    Raises:
        TemplateError: the template does not fit; the message names where in it.

    """
    document = payload_templates.render(payload_templates.parse(template), read(body), write=_write)
    try:
        text = dumps(document)
    except ValueError as error:
        raise TemplateError(str(error), discreet=TOO_DEEP) from None
    if len(text) > MAX_BODY_BYTES:
        raise TemplateError(
            f"$: the body has {len(text):,} bytes and {MAX_BODY_BYTES:,} are allowed; shorten the template."
        )
    return text.decode()


def read(body: str) -> Any:
    """Read a body as JavaScript does: integers that it cannot count exactly are doubles."""
    return json.loads(body, parse_int=_integer)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < UNCERTAIN else float(digits)


def _write(value: Any) -> str:
    return dumps(value).decode()
