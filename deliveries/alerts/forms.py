"""Who is told, as a partner types it."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from deliveries.alerts.models import AlertSettings

MOST_ADDRESSES = 20
MAX_ADDRESS_LENGTH = 254

_check_address = EmailValidator()


class AlertForm(forms.ModelForm):  # type: ignore[type-arg] # Django has no [] at run time
    """The addresses, one a line, and whether the first trouble is told."""

    instance: AlertSettings
    addresses = forms.CharField(
        label="E-mail addresses",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "off"}),
        help_text="One a line: a shared inbox, or the address of your pager. "
        "Leave it empty to tell every owner and developer.",
    )
    tells_trouble = forms.BooleanField(
        label="When a webhook begins to fail",
        required=False,
        help_text="Once its last three attempts have failed for some seconds; at most once a day for each "
        "webhook. When failures deactivate a webhook we always write.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )

    class Meta:
        model = AlertSettings
        fields = ("addresses", "tells_trouble")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["addresses"] = "\r\n".join(self.instance.addresses)

    def clean_addresses(self) -> list[str]:
        """Return the addresses, each once, whatever its case."""
        typed = [each for each in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if each]
        distinct = list({address.casefold(): address for address in reversed(typed)}.values())[::-1]
        if len(distinct) > MOST_ADDRESSES:
            raise ValidationError(
                f"These are {len(distinct)} addresses, and {MOST_ADDRESSES} are allowed. "
                "Make a mailing list, and give its address here."
            )
        _check_addresses(distinct)
        return distinct

    @property
    def changed_fields(self) -> list[str]:
        """Name what was changed, without its value."""
        return [str(self.fields[name].label).lower() for name in self.changed_data]


def _check_addresses(addresses: list[str]) -> None:
    wrong = [address for address in addresses if not _is_address(address)]
    if wrong:
        raise ValidationError(
            [f"“{_short(each)}” is not an e-mail address. Write it as ops@yourcompany.com." for each in wrong]
        )


def _is_address(text: str) -> bool:
    try:
        _check_address(text)
    except ValidationError:
        return False
    return len(text) <= MAX_ADDRESS_LENGTH and text.isprintable()


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
