"""What a partner chooses when a signing secret is rolled."""

from datetime import datetime
from typing import Any

from django import forms

from webhooks.models import Webhook, generate_secret
from webhooks.rolling import Overlap, OverlapError, SameSecretError
from webhooks.typed_secrets import check_secret

CHOICES = [
    (Overlap.DAY.value, "For 24 hours"),
    (Overlap.WEEK.value, "For 7 days"),
    (Overlap.NONE.value, "No overlap"),
]


class RollForm(forms.Form):
    """How long the old secret still signs, and the new one, if we are not to make it."""

    overlap = forms.ChoiceField(
        label="How long does the old secret go on signing?",
        choices=CHOICES,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        error_messages={
            "required": "Choose how long the old secret goes on signing.",
            "invalid_choice": "Choose 24 hours, 7 days or no overlap.",
        },
    )
    is_sure = forms.BooleanField(
        label="Yes, stop the old secret now",
        required=False,
        widget=forms.CheckboxInput(attrs={"aria-describedby": "no-overlap-warning"}),
    )
    secret = forms.CharField(
        label="New secret (optional)",
        required=False,
        help_text="Leave empty and we make a strong one. Your own has 24 to 128 characters.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, *args: Any, webhook: Webhook, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.webhook, self.now = webhook, now
        self.initial["overlap"] = Overlap.NONE if webhook.is_overlapping(now) else Overlap.DAY

    @property
    def chosen(self) -> Overlap:
        return Overlap(self.cleaned_data["overlap"])

    def clean_secret(self) -> str:
        secret = self.cleaned_data["secret"]
        return check_secret(secret) if secret else generate_secret()

    def clean(self) -> dict[str, Any]:
        """Check it against what signs now, once each field is well."""
        self._check_confirmed()
        if not self.errors:
            self._roll()
        return self.cleaned_data

    def save(self) -> None:
        """Let the webhook sign with the new secret."""
        self.webhook.signing_secrets = self._rolled
        self.webhook.save_secrets()

    def _check_confirmed(self) -> None:
        if self.cleaned_data.get("overlap") == Overlap.NONE and not self.cleaned_data["is_sure"]:
            self.add_error("is_sure", "Tick this to confirm, or choose an overlap.")

    def _roll(self) -> None:
        before, to = self.webhook.signing_secrets, self.cleaned_data["secret"]
        try:
            self._rolled = before.rolled(to=to, overlap=self.chosen, at=self.now)
        except SameSecretError as error:
            self.add_error("secret", str(error))
        except OverlapError as error:
            self.add_error("overlap", str(error))
