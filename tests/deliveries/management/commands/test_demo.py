"""manage.py demo."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from deliveries.management.commands.demo import ADMINISTRATOR, OWNER, PASSWORD
from portal.models import Membership, Partner, User
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db


def demo(*arguments: str) -> str:
    output = StringIO()
    call_command("demo", *arguments, stdout=output)
    return output.getvalue()


def test_the_owner_can_log_in_with_what_is_printed() -> None:
    output = demo()
    owner = User.objects.get(email=OWNER)
    assert owner.check_password(PASSWORD)
    assert OWNER in output
    assert PASSWORD in output


def test_the_owner_owns_northwind() -> None:
    demo()
    membership = Membership.objects.get(user__email=OWNER)
    assert (membership.partner.slug, membership.role) == ("northwind", Membership.Role.OWNER)


def test_the_administrator_may_enter_the_admin() -> None:
    demo()
    administrator = User.objects.get(email=ADMINISTRATOR)
    assert administrator.is_staff
    assert administrator.is_superuser


def test_a_webhook_points_to_the_local_receiver() -> None:
    demo("--receiver-port", "9001")
    assert Webhook.objects.get().url == "http://localhost:9001/ok"


def test_again_changes_nothing() -> None:
    demo()
    users = list(User.objects.order_by("pk").values())
    demo()
    assert list(User.objects.order_by("pk").values()) == users
    assert (Partner.objects.count(), Membership.objects.count(), Webhook.objects.count()) == (1, 1, 1)


def test_a_forgotten_password_is_put_back() -> None:
    demo()
    owner = User.objects.get(email=OWNER)
    owner.set_password("something else entirely")
    owner.save()
    demo()
    assert User.objects.get(email=OWNER).check_password(PASSWORD)


def test_a_deleted_webhook_stays_deleted() -> None:
    demo()
    Webhook.objects.get().delete_softly()
    demo()
    assert not Webhook.objects.live().exists()


def test_production_has_no_demo_users(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="everybody knows"):
        demo()
    assert not User.objects.exists()
