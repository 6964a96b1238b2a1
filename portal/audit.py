"""Who changed, revealed, rolled or resent what, and when: the one way to write it down."""

from collections.abc import Iterable

from django.db.models import Model

from portal.models import AuditEntry, Partner

Action = AuditEntry.Action


def record(
    action: Action, subject: Model, *, by: str, partner: Partner, detail: str | Iterable[str] = ""
) -> None:
    """
    Write down what *by*, an e-mail address, did to *subject*; call it in the transaction that does it.

    *detail* is a few words, or the names of the fields that changed. Never a value: a secret that was
    written down here could not be taken back.
    """
    said = detail if isinstance(detail, str) else ", ".join(detail)
    AuditEntry.objects.create(
        partner_id=partner.pk,
        by=by,
        action=action,
        kind=subject._meta.model_name or "",
        subject_id=getattr(subject, "public_id", ""),
        subject=_cut(str(subject), 300),
        detail=_cut(said, 300),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
