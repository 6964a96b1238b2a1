"""The few pieces that every page is made of."""

from datetime import datetime
from math import floor
from typing import TYPE_CHECKING, Any

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal import times

if TYPE_CHECKING:
    from django.http import HttpRequest

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a symbol of static/icons.svg; the word beside it is what screen readers hear."""
    address = f"{static('icons.svg')}#{name}"
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>', address
    )


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw a form field's control in Bootstrap's clothes, over its own."""
    is_checkbox = isinstance(field.field.widget, CheckboxInput)
    is_select = isinstance(field.field.widget, Select)
    classes = [
        field.field.widget.attrs.get("class", ""),
        "form-check-input" if is_checkbox else "form-select" if is_select else "form-control",
        "is-invalid" if field.errors else "",
    ]
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})


@register.inclusion_tag("components/time.html")
def when(moment: datetime) -> dict[str, Any]:
    """Show how long ago *moment* was, and exactly when on hover."""
    return {"moment": moment, "exact": times.exact(moment), "words": times.ago(moment, timezone.now())}


@register.filter
def exactly(moment: datetime) -> str:
    """Show *moment* to the second, with its zone."""
    return times.exact(moment)


@register.filter
def to_the_minute(moment: datetime) -> str:
    """Show *moment*, a whole minute, with its zone."""
    return times.to_the_minute(moment)


@register.filter
def day(moment: datetime) -> str:
    """Show the date of *moment*."""
    return times.day(moment, timezone.now())


@register.filter
def percent(rate: float) -> str:
    """Round *rate* down to a tenth, so that only all of them are 100%."""
    return f"{floor(rate * 10) / 10:g}%"


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(context: dict[str, Any], view: str, icon_name: str, words: str) -> dict[str, Any]:
    """Link to a section of the portal, marked while one of its pages is open."""
    request: HttpRequest = context["request"]
    address = reverse(view)
    return {
        "address": address,
        "icon_name": icon_name,
        "words": words,
        "is_here": request.path.startswith(address),
        "is_page": request.path == address,
    }
