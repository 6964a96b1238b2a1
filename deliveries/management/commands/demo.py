"""Demo data."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.models import Membership, Partner, User
from webhooks.models import Webhook

OWNER, ADMINISTRATOR = "dana@northwind.example", "admin@portal.example"
PASSWORD = "northwind-demo"  # noqa: S105 - everybody may know it, so production refuses it

WELCOME = """
  Portal     http://localhost:{port}/
             {owner}   password: {password}
  Admin      http://localhost:{port}/admin/
             {administrator}     password: {password}
  Endpoint   http://localhost:{receiver_port}/ok   (also /fail/503, /hang/15 and /redirect/302)

  Send a verification, in another terminal:
             .venv/bin/python manage.py emit completed --partner {slug}
"""


class Command(BaseCommand):
    help = "Make a demo partner with an owner, a webhook and an administrator; existing ones stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the portal runs (default: 8000)")
        parser.add_argument(
            "--receiver-port", type=int, default=9000, help="where manage.py receive runs (default: 9000)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "Demo users have passwords that everybody knows, so there are none in production. "
                "Make an administrator instead: manage.py createsuperuser"
            )
        partner = _make(receiver_port=options["receiver_port"])
        self.stdout.write(
            WELCOME.format(
                **options, owner=OWNER, administrator=ADMINISTRATOR, password=PASSWORD, slug=partner.slug
            )
        )


@transaction.atomic
def _make(*, receiver_port: int) -> Partner:
    partner, is_new = Partner.objects.get_or_create(slug="northwind", defaults={"name": "Northwind Lending"})
    if is_new:
        Webhook.objects.create(partner=partner, url=f"http://localhost:{receiver_port}/ok")
    owner = _user(OWNER, name="Dana Reyes")
    Membership.objects.get_or_create(partner=partner, user=owner, defaults={"role": Membership.Role.OWNER})
    _user(ADMINISTRATOR, name="Administrator", is_staff=True, is_superuser=True)
    return partner


def _user(email: str, **fields: Any) -> User:
    """Return the user whose password is the one we print; a session they have survives."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, **fields)
    if not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    return user
