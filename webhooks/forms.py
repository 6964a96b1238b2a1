"""What a partner types about a webhook."""

from collections.abc import Iterator
from copy import copy
from typing import Any, cast

from django import forms
from django.core.exceptions import BadRequest
from django.db import transaction
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html

from portal.audit import Action
from webhooks import destinations, payload_templates
from webhooks.event_types import EventType
from webhooks.masking import MASK
from webhooks.models import SECRET_FIELDS, Webhook, WebhookHeader
from webhooks.payload_templates import TemplateError
from webhooks.rolling import Overlap, SameSecretError, Secrets
from webhooks.typed_secrets import check_secret


class Draft:
    """A form that can show what was typed so far without judging it."""

    def leave_unjudged(self) -> None:
        self._errors = ErrorDict()


class WebhookForm(Draft, forms.ModelForm):  # type: ignore[type-arg] # Django has no [] at run time
    """
    Where results go, whether they do, and how they are signed.

    `is_active` and `secret` are kept from the model's own assignment: a change of the first must
    be told to whoever delivers, and an empty secret means "as it is".
    """

    instance: Webhook
    url = forms.CharField(
        label="Webhook URL",
        help_text="A public HTTPS address of yours. We POST each verification result to it.",
        widget=forms.URLInput(
            attrs={"placeholder": "https://api.yourcompany.com/webhooks/cr3dentials", "inputmode": "url"}
        ),
        error_messages={
            "required": "Enter the address of your endpoint, for example https://api.yourcompany.com/webhook."
        },
    )
    is_active = forms.BooleanField(
        label="Active",
        required=False,
        help_text="While a webhook is inactive, its results are held: yours to send once you activate it.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    secret = forms.CharField(
        label="Signing secret",
        required=False,
        help_text="Leave empty and we make a strong one. Your endpoint checks our signature with it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    event_types = forms.MultipleChoiceField(
        label="Events",
        choices=[(event_type.value, event_type) for event_type in EventType],
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    payload_template = forms.CharField(
        label="Payload template",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 17, "class": "mono", "spellcheck": "false", "autocapitalize": "off", "wrap": "off"}
        ),
    )

    class Meta:
        model = Webhook
        fields = ("url",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        exists = self.instance.pk is not None
        self.initial["is_active"] = self.instance.is_active
        self.initial["event_types"] = self.instance.event_types or EventType.values
        self.initial["payload_template"] = self.instance.payload_template or payload_templates.DEFAULT
        if exists:
            self.fields["secret"].widget.attrs["placeholder"] = MASK
            self.fields["secret"].help_text = format_html(
                "Leave empty to keep the secret as it is. A new one replaces it at once. "
                '<a href="{}">Roll it</a> to keep the old one signing for a while.',
                reverse("webhooks:roll_secret", args=[self.instance.public_id]),
            )

    def clean_url(self) -> str:
        return destinations.check_url(self.cleaned_data["url"])

    def clean_secret(self) -> str:
        secret = self.cleaned_data["secret"]
        if secret and secret == self.instance.secret:
            raise forms.ValidationError(str(SameSecretError()))
        return check_secret(secret) if secret else ""

    def clean_event_types(self) -> list[str]:
        """Store none for all: a webhook that wants everything receives types yet to come."""
        chosen: list[str] = self.cleaned_data["event_types"]
        # Who saw the boxes and ticked none meant none; who sends only a URL never saw them.
        if not chosen and "event_types_shown" in self.data:
            raise forms.ValidationError(
                "Choose at least one event. To receive none for a while, deactivate the webhook."
            )
        return [] if set(chosen) == set(EventType.values) else chosen

    def clean_payload_template(self) -> str:
        template = payload_templates.to_store(self.cleaned_data["payload_template"])
        if template:
            _check_template(template)
        return template

    def save(self, commit: bool = True) -> Webhook:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        """Write what was typed, and nothing else: the engine writes to the same row."""
        webhook = self.typed()
        is_new = webhook.pk is None
        if is_new:
            webhook.is_active = self.cleaned_data["is_active"]
            webhook.save()
        else:
            typed = SECRET_FIELDS if self.cleaned_data["secret"] else ()
            webhook.save(update_fields=["url", "event_types", "payload_template", "updated_at", *typed])
            if webhook.is_active and not self.cleaned_data["is_active"]:
                webhook.deactivate()
        return webhook

    @property
    def wants_activation(self) -> bool:
        """Whether a webhook that is inactive was switched on: what was held for it is decided about first."""
        return bool(self.instance.pk and self.cleaned_data["is_active"] and not self.instance.is_active)

    def typed(self) -> Webhook:
        """Return the webhook as it was typed, without saving it."""
        webhook = self.instance
        webhook.event_types = self.cleaned_data["event_types"]
        webhook.payload_template = self.cleaned_data["payload_template"]
        if self.cleaned_data["secret"]:
            webhook.signing_secrets = Secrets(self.cleaned_data["secret"])
        return webhook


def _check_template(template: str) -> None:
    try:
        payload_templates.check(template)
    except TemplateError as error:
        raise forms.ValidationError(str(error)) from None


class HeaderForm(Draft, forms.ModelForm):  # type: ignore[type-arg] # Django has no [] at run time
    """One header. A stored value never leaves the database: an empty field keeps it."""

    instance: WebhookHeader

    class Meta:
        model = WebhookHeader
        fields = ("name", "value")
        labels = {"name": "Key", "value": "Value"}  # noqa: RUF012 - Django reads it once
        widgets = {  # noqa: RUF012 - Django reads it once
            "name": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            "value": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["value"] = ""
            self.fields["value"].required = False
            self.fields["value"].widget.attrs["placeholder"] = f"{MASK} unchanged"

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"] or self.instance.value
        return value

    def clean(self) -> dict[str, Any]:
        """Check this header alone, so that the message stands beside it."""
        if {"name", "value"} <= self.cleaned_data.keys():
            pair = (self.cleaned_data["name"], self.cleaned_data["value"])
            ((self.cleaned_data["name"], self.cleaned_data["value"]),) = destinations.check_headers([pair])
        return self.cleaned_data


class HeaderFormSet(BaseInlineFormSet):  # type: ignore[type-arg] # Django has no [] at run time
    def clean(self) -> None:
        """Check the headers together: none twice, not too many."""
        if not any(self.errors):
            destinations.check_headers(self.typed())

    def typed(self) -> list[tuple[str, str]]:
        """Return the headers as they were typed, name and value, without saving them."""
        return [(form.cleaned_data["name"], form.cleaned_data["value"]) for form in self._kept()]

    def leave_unjudged(self) -> None:
        """Show what was typed so far."""
        self._errors: list[ErrorDict] = []
        self._non_form_errors = self.error_class()
        for row in self._rows():
            row.leave_unjudged()

    def focus_last(self) -> None:
        """Put the cursor where the next header goes."""
        self._rows()[-1].fields["name"].widget.attrs["autofocus"] = True

    def _kept(self) -> list[HeaderForm]:
        return [row for row in self._rows() if row.cleaned_data.get("name") and row not in self.deleted_forms]

    def _rows(self) -> list[HeaderForm]:
        return cast("list[HeaderForm]", self.forms)


Headers = cast(
    "type[HeaderFormSet]",
    inlineformset_factory(Webhook, WebhookHeader, form=HeaderForm, formset=HeaderFormSet, extra=1),
)


#: Fields that the trail calls changed, and what it calls them.
TRAILED = (("url", "URL"), ("event_types", "events"), ("payload_template", "payload template"))


class WebhookForms:
    """
    The webhook's own form and its headers, which are saved together or not at all.

    With *draft* they show what was typed so far, unjudged: with room for one more header
    ("add_header"), or with the default payload template ("reset_template").
    """

    def __init__(self, webhook: Webhook, data: QueryDict | None = None, *, draft: str = "") -> None:
        # Forms write what was typed to their instance before it is valid; the page must not show that.
        self._before, self._is_new, typed = webhook, webhook.pk is None, copy(webhook)
        if data is not None and draft:
            data = DRAFTS[draft](data)
        self.webhook = WebhookForm(data, instance=typed)
        self.headers = Headers(data, instance=typed)
        self.are_submitted = data is not None and not draft
        if draft:
            self.webhook.leave_unjudged()
            self.headers.leave_unjudged()
        if draft == "add_header":
            self.headers.focus_last()

    def are_valid(self) -> bool:
        """Whether both may be saved; both are looked at, so that all errors show at once."""
        return all([self.webhook.is_valid(), self.headers.is_valid()])

    @transaction.atomic
    def save(self) -> Webhook:
        webhook = self.webhook.save()
        self.headers.save()
        return webhook

    def done(self) -> Iterator[tuple[Action, str]]:
        """Yield what saving it did, for the trail: names of fields, never what is in them."""
        before, after = self._before, self.webhook.instance
        if self._is_new:
            yield Action.CREATED, ""
            return
        changed = [words for name, words in TRAILED if getattr(before, name) != getattr(after, name)]
        if self.headers.has_changed():
            changed.append("headers")
        if changed:
            yield Action.CHANGED, ", ".join(changed)
        if self.webhook.cleaned_data["secret"]:
            yield Action.SECRET_ROLLED, Overlap.NONE.words
        if before.is_active != after.is_active:
            yield (Action.ACTIVATED if after.is_active else Action.DEACTIVATED), ""


def _with_one_more_row(data: QueryDict) -> QueryDict:
    longer = data.copy()
    try:
        longer["headers-TOTAL_FORMS"] = str(int(data.get("headers-TOTAL_FORMS", "")) + 1)
    except ValueError as error:
        raise BadRequest("The form did not say how many headers it has.") from error
    return longer


def _with_default_template(data: QueryDict) -> QueryDict:
    changed = data.copy()
    changed["payload_template"] = payload_templates.DEFAULT
    return changed


#: What a button other than the last may do to what was typed.
DRAFTS = {"add_header": _with_one_more_row, "reset_template": _with_default_template}


class DeleteForm(forms.Form):
    """Type the webhook's host to delete it."""

    host = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True})
    )

    def __init__(self, *args: Any, webhook: Webhook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.webhook = webhook
        self.fields["host"].label = f"Type {webhook.host} to confirm"

    def clean_host(self) -> str:
        if self.cleaned_data["host"].lower() != self.webhook.host:
            raise forms.ValidationError(f"That is not {self.webhook.host}. Nothing was deleted.")
        return self.webhook.host
