"""An alert's letter as an e-mail: text and HTML, to one address, answered by no robot."""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from deliveries.alerts.letters import Letter
from deliveries.alerts.models import AlertMail


def message(mail: AlertMail, letter: Letter) -> EmailMultiAlternatives:
    """Return the e-mail. Its Message-ID is the same each time, so that one that is sent twice shows once."""
    context = {"letter": letter}
    made = EmailMultiAlternatives(
        subject=letter.subject,
        body=render_to_string("deliveries/alert_email.txt", context),
        to=[mail.address],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<{mail.alert.public_id}.{mail.pk}@{_domain()}>",
        },
    )
    made.attach_alternative(render_to_string("deliveries/alert_email.html", context), "text/html")
    return made


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
