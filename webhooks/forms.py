"""What a partner types about a webhook."""

from typing import Any

from django import forms
from django.db import transaction
from django.forms.models import BaseInlineFormSet, inlineformset_factory

from webhooks import destinations
from webhooks.models import Webhook, WebhookHeader
from webhooks.typed_secrets import check_secret

MASK = "••••••••"


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg] # Django has no [] at run time
    """
    Where results go, whether they do, and how they are signed.

    `is_active` and `secret` are kept from the model's own assignment: a change of the first must
    be told to whoever delivers, and an empty secret means "as it is".
    """

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
        help_text="While a webhook is inactive, its results are held and sent once it is active again.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    secret = forms.CharField(
        label="Signing secret",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    class Meta:
        model = Webhook
        fields = ("url",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        exists = self.instance.pk is not None
        self.initial["is_active"] = self.instance.is_active
        self.fields["secret"].help_text = (
            "Leave empty to keep the secret as it is. A new one signs the very next request."
            if exists
            else "Leave empty and we make a strong one. Your endpoint checks our signature with it."
        )
        if exists:
            self.fields["secret"].widget.attrs["placeholder"] = MASK

    def clean_url(self) -> str:
        return destinations.check_url(self.cleaned_data["url"])

    def clean_secret(self) -> str:
        secret = self.cleaned_data["secret"]
        return check_secret(secret) if secret else ""

    def save(self, commit: bool = True) -> Webhook:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        """Write what was typed, and nothing else: the engine writes to the same row."""
        webhook = self.instance
        if self.cleaned_data["secret"]:
            webhook.secret = self.cleaned_data["secret"]
        if webhook.pk is None:
            webhook.is_active = self.cleaned_data["is_active"]
            webhook.save()
        else:
            typed = ["secret"] if self.cleaned_data["secret"] else []
            webhook.save(update_fields=["url", "updated_at", *typed])
            self._switch(webhook)
        return webhook

    def _switch(self, webhook: Webhook) -> None:
        if self.cleaned_data["is_active"] != webhook.is_active:
            webhook.activate() if self.cleaned_data["is_active"] else webhook.deactivate()


class HeaderForm(forms.ModelForm):  # type: ignore[type-arg] # Django has no [] at run time
    """One header. A stored value never leaves the database: an empty field keeps it."""

    class Meta:
        model = WebhookHeader
        fields = ("name", "value")
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


class HeaderFormSet(BaseInlineFormSet):  # type: ignore[type-arg] # as above
    def clean(self) -> None:
        """Check the headers together: none twice, not too many."""
        if not any(self.errors):
            destinations.check_headers(
                [(form.cleaned_data["name"], form.cleaned_data["value"]) for form in self._kept()]
            )

    def _kept(self) -> list[HeaderForm]:
        return [
            form for form in self.forms if form.cleaned_data.get("name") and form not in self.deleted_forms
        ]


Headers = inlineformset_factory(Webhook, WebhookHeader, form=HeaderForm, formset=HeaderFormSet, extra=1)


class WebhookForms:
    """The webhook's own form and its headers, which are saved together or not at all."""

    def __init__(self, webhook: Webhook, data: Any = None, *, add_row: bool = False) -> None:
        if add_row:
            data = data.copy()
            data["headers-TOTAL_FORMS"] = int(data["headers-TOTAL_FORMS"]) + 1
        self.webhook = WebhookForm(data, instance=webhook)
        self.headers = Headers(data, instance=webhook)

    def are_valid(self) -> bool:
        """Whether both may be saved; both are looked at, so that all errors show at once."""
        return all([self.webhook.is_valid(), self.headers.is_valid()])

    @transaction.atomic
    def save(self) -> Webhook:
        webhook = self.webhook.save()
        self.headers.save()
        return webhook


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
        if self.cleaned_data["host"].strip() != self.webhook.host:
            raise forms.ValidationError(f"That is not {self.webhook.host}. Nothing was deleted.")
        return self.webhook.host
