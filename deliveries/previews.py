"""What a payload template makes of a sample event. Nothing is stored or sent."""

from dataclasses import dataclass

from deliveries.events import sample_body
from deliveries.reading import indented
from deliveries.rendering import rendered
from webhooks import payload_templates
from webhooks.event_types import EventType
from webhooks.payload_templates import TemplateError


@dataclass(frozen=True, slots=True)
class Preview:
    """The body, indented for reading; or why there is none, and whether the template can be saved anyway."""

    body: str = ""
    error: str = ""
    is_template_valid: bool = True


def preview_of(template: str, event_type: EventType) -> Preview:
    """Try *template*, or the default form where it is empty, on the sample of *event_type*."""
    body = sample_body(event_type)
    try:
        return Preview(indented(rendered(template, body) if template else body))
    except TemplateError as error:
        return Preview(error=str(error), is_template_valid=_is_valid(template))


def _is_valid(template: str) -> bool:
    try:
        payload_templates.check(template)
    except TemplateError:
        return False
    return True
