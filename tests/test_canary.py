"""
A canary in a payload, a header, a secret, an answer and a URL's query, and everywhere it must not sing.

The values go the way that real ones go: typed into the form, sent by the backend, delivered, failed.
"""

import email.policy
import inspect
import io
import logging
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from email.parser import BytesParser
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.log import AdminEmailHandler
from django.views.debug import get_exception_reporter_class

from deliveries import tasks, wake
from deliveries.alerts import mailing
from deliveries.causes import Cause
from deliveries.engine.claim import Leased
from deliveries.engine.dispatcher import Dispatcher
from deliveries.engine.render import render
from deliveries.events import Verification
from deliveries.models import Attempt, Delivery, Event
from deliveries.sender import Response, SendError
from deliveries.signals import verification_completed
from portal.models import AuditEntry, Authenticator, Invitation, Membership, User
from tests.admin import opened, url_of
from tests.factories import make_member, make_user
from tests.two_factor import code_of
from webhooks.models import Webhook, WebhookHeader

pytestmark = pytest.mark.django_db

CANARY = "canary7f3a"
SECRET = f"{CANARY}-of-a-secret-that-is-long-enough"
FORM = {
    "url": f"https://hooks.northwind.com/in?token={CANARY}",
    "is_active": "on",
    "secret": SECRET,
    "headers-TOTAL_FORMS": "1",
    "headers-INITIAL_FORMS": "0",
    "headers-0-name": "X-Api-Key",
    "headers-0-value": CANARY,
}
VERIFICATION = Verification(
    verification_id="ver_1",
    session_id=7,
    proof_data={"income": CANARY},
    formatted_data={CANARY: 1},
    metadata={"note": CANARY},
)


def answer(*_: Any, **__: Any) -> Response:
    return Response(200, f"{{'you sent': '{CANARY}'}}")


def refuse(*_: Any, **__: Any) -> Response:
    return Response(500, CANARY)


def break_off(*_: Any, **__: Any) -> Response:
    raise SendError(Cause.TIMEOUT, "No complete answer within 10 seconds.")


def fail(*_: Any, **__: Any) -> Response:
    try:
        raise ValueError(f"cannot read {CANARY}")
    except ValueError as error:
        error.add_note(CANARY)
        raise RuntimeError(CANARY) from error


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return all that is logged, by every logger, as the portal's own console writes it."""
    [console] = [each for each in logging.getLogger().handlers if each.name == "console"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(console.formatter)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def member(log: io.StringIO) -> Membership:
    """Return a member whose webhook was created by form."""
    owner = make_member()
    client = Client()
    client.force_login(owner.user)
    assert client.post(reverse("webhooks:create"), FORM).status_code == 302
    return owner


def deliver(member: Membership, post: Any = answer) -> None:
    verification_completed.send(sender=None, partner=member.partner, verification=VERIFICATION)
    Dispatcher(post=post).run()


POSTS = [answer, refuse, break_off, fail]


@pytest.mark.parametrize("post", POSTS)
def test_logs_are_silent(post: Any, member: Membership, log: io.StringIO) -> None:
    connection.force_debug_cursor = True
    try:
        deliver(member, post)
    finally:
        connection.force_debug_cursor = False
    logging.getLogger("tests").debug("The log is read.")
    assert "The log is read." in log.getvalue()
    assert CANARY not in log.getvalue()


def test_a_failure_of_ours_is_logged_with_its_place_and_type(member: Membership, log: io.StringIO) -> None:
    deliver(member, fail)
    assert "could not be sent" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert ", in fail" in log.getvalue()


def test_what_celery_says_of_a_failed_task_is_silent(log: io.StringIO) -> None:
    """Celery writes the exception into the message; PostgreSQL writes the row into the exception."""
    task = SimpleNamespace(__name__="deliver")
    error = DatabaseError(f"DETAIL: Failing row contains ({CANARY}).")
    context = {
        "name": task,
        "id": 1,
        "exc": repr(error),
        "traceback": str(error),
        "args": CANARY,
        "kwargs": "",
    }
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s] raised unexpected: %(exc)s\n%(traceback)s %(args)s", context, exc_info=error
    )
    assert "DatabaseError" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_an_exception_kept_by_another_handler_is_silent_too(log: io.StringIO) -> None:
    record = logging.LogRecord(
        "x", logging.ERROR, __file__, 1, "Failed.", (), (ValueError, ValueError(CANARY), None)
    )
    record.exc_text = CANARY
    logging.getLogger("tests").handle(record)
    assert "Failed." in log.getvalue()
    assert CANARY not in log.getvalue()


def test_a_group_of_exceptions_is_silent(log: io.StringIO) -> None:
    group = ExceptionGroup(CANARY, [ValueError(CANARY), ExceptionGroup(CANARY, [TypeError(CANARY)])])
    logging.getLogger("tests").error("Failed.", exc_info=group)
    assert "TypeError" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_a_message_to_the_broker_says_nothing(member: Membership) -> None:
    messages: list[Any] = []

    def note(body: Any = None, headers: Any = None, **_: Any) -> None:
        messages.append((body, headers))

    before_task_publish.connect(note)
    try:
        deliver(member, refuse)
        wake.publish()
        mailing.mail_alerts()
        Client().post(reverse("password_reset"), {"email": member.user.email})
    finally:
        before_task_publish.disconnect(note)
    assert messages
    assert all(body[:2] == ((), {}) for body, _ in messages)
    assert CANARY not in repr(messages)


def test_a_task_takes_no_arguments() -> None:
    """What a task is not given, no broker, log or monitor can show."""
    ours = [task for name, task in tasks.deliver.app.tasks.items() if not name.startswith("celery.")]
    assert ours
    assert [task.name for task in ours if inspect.signature(task.run).parameters] == []


@pytest.mark.parametrize("post", POSTS)
def test_models_and_requests_do_not_show_it(post: Any, member: Membership) -> None:
    deliver(member, post)
    for model in (Webhook, WebhookHeader, Event, Delivery, Attempt):
        found = model._base_manager.all()
        assert found
        assert CANARY not in repr(list(found)) + "".join(map(str, found))
    assert CANARY not in repr(VERIFICATION)
    assert CANARY not in repr(Response(200, CANARY))


def test_a_request_does_not_show_it(member: Membership) -> None:
    verification_completed.send(sender=None, partner=member.partner, verification=VERIFICATION)
    delivery = Delivery.objects.select_related("event", "webhook").get()
    leased = Leased(
        delivery.pk,
        "msg_1",
        False,
        0,
        0,
        delivery.webhook_id,
        delivery.event,
        delivery.webhook,
        None,  # type: ignore[arg-type]
    )
    request = render(leased, timestamp=1)
    assert CANARY in request.url
    assert CANARY.encode() in request.body
    assert CANARY not in repr(request) + repr(leased)


@pytest.mark.parametrize("post", POSTS)
def test_the_database_holds_it_in_the_clear_in_the_webhooks_url_only(post: Any, member: Membership) -> None:
    """The URL is what an administrator searches by and what the sender needs; the log masks its query."""
    deliver(member, post)
    with connection.cursor() as cursor:
        stored: dict[Any, Any] = {}
        for model in (Webhook, WebhookHeader, Event, Delivery, Attempt):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                stored |= {
                    (model, name): value
                    for name, value in zip(columns, row, strict=True)
                    if CANARY in str(value)
                }
    assert list(stored) == [(Webhook, "url")]


def test_the_admin_shows_it_nowhere(member: Membership) -> None:
    deliver(member, answer)
    deliver(member, refuse)
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    pages = []
    for model in admin.site._registry:
        pages.append(opened(client, url_of(model, "changelist")))
        pages += [
            opened(client, url_of(model, page, row.pk))
            for row in model._base_manager.all()
            for page in ("change", "history")
        ]
    assert len(pages) > 15
    assert [page for page in pages if CANARY in page] == []


@pytest.mark.parametrize("post", [refuse, break_off])
def test_the_mails_of_trouble_and_deactivation_are_silent(
    post: Any, member: Membership, log: io.StringIO
) -> None:
    """In every encoding that a mail may use, and in what is logged when it cannot be sent."""
    webhook = Webhook.objects.get()
    for _ in range(4):
        deliver(member, post)
    Webhook.objects.update(failing_since=timezone.now() - timedelta(minutes=1))
    deliver(member, post)
    mailing.mail_alerts()
    Delivery.objects.update(attempt_count=5, next_attempt_at=timezone.now(), lease=None)
    Dispatcher(post=post).run()
    mailing.mail_alerts()
    subjects = [message.subject for message in mail.outbox]
    assert subjects == ["hooks.northwind.com is failing", "hooks.northwind.com was deactivated"]
    webhook.refresh_from_db()
    hidden = (CANARY, webhook.secret)
    texts = [part.get_content() for message in mail.outbox for part in _parts(message)]
    texts += [str(message.message()) for message in mail.outbox]
    assert [text for text in texts if any(each in text for each in hidden)] == []
    assert any("https://hooks.northwind.com/in?••••••••" in text for text in texts)
    assert CANARY not in log.getvalue()


def _parts(message: Any) -> Any:
    sent = BytesParser(policy=email.policy.default).parsebytes(message.message().as_bytes())
    return sent.iter_parts()


#: Templates that fit no verification of ours; what they reach for lies beside a canary, or is one.
MISFITS = {
    "a name that is almost one": '{"x": "{{ data.formattedData.canary7f3 }}"}',
    "a value that is no list": '{"x": "{{ data.proofData.income[3] }}"}',
    "a value that is no object": '{"x": "{{ data.proofData.income.amount }}"}',
    "a name beside it": '{"x": "{{ data.metadata.notes }}"}',
    "too much of it": '{"x": "' + "{{ data }} " * 1_500 + '"}',
    "too deep with it": '{"a":' * 49 + '"{{ data.proofData }}"' + "}" * 49,
}


@pytest.mark.parametrize("template", MISFITS.values(), ids=MISFITS)
def test_a_template_that_does_not_fit_tells_where_and_not_what(
    template: str, member: Membership, log: io.StringIO
) -> None:
    Webhook.objects.update(payload_template=template)
    nested: Any = {"income": CANARY}
    for _ in range(60):
        nested = {CANARY: nested}
    proof = nested if template == MISFITS["too deep with it"] else {"income": CANARY}
    told = Verification("ver_1", 7, proof_data=proof, formatted_data={CANARY: 1}, metadata={"note": CANARY})
    verification_completed.send(sender=None, partner=member.partner, verification=told)
    Dispatcher(post=answer).run()
    mailing.mail_alerts()
    attempt, webhook = Attempt.objects.get(), Webhook.objects.get()
    assert attempt.cause == Cause.TEMPLATE
    assert "The payload template does not fit this event. $" in attempt.detail
    mails = "".join(str(message.message()) for message in mail.outbox)
    assert "hooks.northwind.com was deactivated" in mails
    said = attempt.detail + webhook.deactivation_reason + mails + log.getvalue()
    assert CANARY not in said


# --- What people did ---------------------------------------------------------------------------------


def test_the_audit_trail_tells_what_was_changed_and_no_value(member: Membership) -> None:
    """As its rows, on the portal's page, and in the admin."""
    webhook, owner, administrator = Webhook.objects.get(), Client(), Client()
    owner.force_login(member.user)
    administrator.force_login(make_user(is_staff=True, is_superuser=True))
    header = webhook.headers.get()
    changed = FORM | {
        "url": f"https://hooks.northwind.com/other?token={CANARY}2",
        "event_types": "verification.completed",
        "secret": "",
        "headers-INITIAL_FORMS": "1",
        "headers-0-id": str(header.pk),
        "headers-0-value": f"{CANARY}2",
    }
    for page, form in (
        ("webhooks:edit", changed),
        ("webhooks:secret", {}),
        ("webhooks:roll_secret", {"secret": f"{SECRET}-2", "overlap": "24h"}),
        ("webhooks:delete", {"host": "hooks.northwind.com"}),
    ):
        owner.post(reverse(page, args=[webhook.public_id]), form)
    entries = str(list(AuditEntry.objects.values()))
    assert [
        each
        for each in ("created", "URL", "headers", "secret_revealed", "secret_rolled", "deleted")
        if each not in entries
    ] == []
    pages = opened(owner, reverse("audit_trail")) + opened(administrator, url_of(AuditEntry, "changelist"))
    assert "hooks.northwind.com" in pages
    assert CANARY not in entries + pages


# --- When the portal itself breaks -------------------------------------------------------------------


@pytest.fixture
def broken(member: Membership, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return the browser of a member whose form meets a fault of ours, with the values on the stack."""

    def save(form: Any, *_: Any, **__: Any) -> None:
        typed = dict(form.webhook.cleaned_data)
        try:
            raise DatabaseError(f"Failing row contains {typed}")
        except DatabaseError as error:
            raise RuntimeError(str(typed)) from error

    monkeypatch.setattr("webhooks.forms.WebhookForms.save", save)
    client = Client(raise_request_exception=False)
    client.force_login(member.user)
    return client


def test_the_error_page_is_silent(broken: Client, log: io.StringIO) -> None:
    response = broken.post(reverse("webhooks:create"), FORM)
    assert response.status_code == 500
    assert CANARY not in response.content.decode()
    assert "Internal Server Error" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_the_report_to_administrators_is_silent(broken: Client, settings: Any) -> None:
    settings.ADMINS = [("Ops", "ops@example.com")]
    handler = AdminEmailHandler(include_html=True)
    logging.getLogger("django.request").addHandler(handler)
    try:
        broken.post(f"{reverse('webhooks:create')}?copy={CANARY}", FORM)
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    sent = [str(message.message()) for message in mail.outbox]
    assert sent
    assert all("RuntimeError" in message for message in sent)
    assert [message for message in sent if CANARY in message] == []


def test_a_report_keeps_the_portals_own_keys(rf: Any) -> None:
    request = rf.post("/", {"password": CANARY})
    report = _report(request)
    hidden = [
        settings.SECRET_KEY,
        *settings.FIELD_ENCRYPTION_KEYS,
        CANARY,
        str(settings.DATABASES["default"]["NAME"]),
    ]
    assert [value for value in hidden if value in report] == []


def _report(request: HttpRequest) -> str:
    local = CANARY
    try:
        raise ValueError(local)
    except ValueError:
        report: Any = get_exception_reporter_class(request)
        made = report(request, *sys.exc_info())
    return str(made.get_traceback_html() + made.get_traceback_text())


# --- What opens an account -----------------------------------------------------------------------------


@pytest.fixture
def openers(member: Membership, log: io.StringIO) -> list[str]:
    """Go all ways that lead into an account, wrong ones too, and return every secret that was on them."""
    member.user.set_password(CANARY)
    member.user.save()
    owner, guest = Client(), Client()
    owner.force_login(member.user)
    owner.post(reverse("two_factor"))
    authenticator = Authenticator.objects.get()
    code = code_of(authenticator)
    page = owner.post(reverse("two_factor_confirm"), {"code": code}).content.decode()
    recovery = re.findall(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", page)
    for typed in (recovery[0], code):
        stranger = Client()
        stranger.post(reverse("login"), {"username": member.user.email, "password": CANARY})
        stranger.post(reverse("second_step"), {"code": typed})
    owner.post(reverse("invite"), {"email": "guest@example.com", "role": "viewer"})
    token = str(mail.outbox[-1].body).partition("/invitation/")[2].partition("/")[0]
    for client in (owner, guest):
        client.get(reverse("invitation_link", args=[token]))
        client.post(reverse("invitation"), {"name": "Guest", "password1": CANARY, "password2": "x"})
    Client(enforce_csrf_checks=True).post(reverse("invitation_link", args=[token]))
    assert Authenticator.objects.get().last_used_at
    return [CANARY, authenticator.key, code, *recovery, token]


def test_logs_do_not_open_an_account(openers: list[str], log: io.StringIO) -> None:
    logging.getLogger("tests").debug("The log is read.")
    assert "The log is read." in log.getvalue()
    found = [each for each in openers if each in log.getvalue()]
    assert found == []


def test_the_audit_trail_does_not_either(openers: list[str]) -> None:
    entries = str(list(AuditEntry.objects.values()))
    assert "two_factor_on" in entries
    assert "recovery_code_used" in entries
    assert [each for each in openers if each in entries] == []


def test_nor_do_the_portals_own_pages(openers: list[str], member: Membership) -> None:
    """Whoever looks over a member's shoulder learns nothing that lets them in later."""
    client, recovery = Client(), openers[-2]
    Authenticator.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    client.post(reverse("login"), {"username": member.user.email, "password": CANARY})
    client.post(reverse("second_step"), {"code": recovery})
    pages = [opened(client, reverse(name)) for name in ("people", "audit_trail", "profile", "two_factor")]
    assert "guest@example.com" in pages[0]
    assert [each for each in openers if len(each) > 6 and each in "".join(pages)] == []


def test_nor_does_any_mail_but_the_invitation(openers: list[str]) -> None:
    *hidden, token = openers
    mails = [str(message.message()) for message in mail.outbox]
    assert [token in each for each in mails] == [True]
    assert [each for each in hidden if each in "".join(mails)] == []


def test_nor_do_the_database_and_the_admin(openers: list[str]) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    pages = "".join(
        opened(client, url_of(model, "change", row.pk))
        for model in (Authenticator, Invitation, AuditEntry, User)
        for row in model._base_manager.all()
    )
    with connection.cursor() as cursor:
        stored = ""
        for model in (Authenticator, Invitation, AuditEntry, User):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608
            stored += str(cursor.fetchall())
    assert "guest@example.com" in stored
    assert [each for each in openers if len(each) > 6 and each in pages + stored] == []


def test_the_canary_is_real(member: Membership) -> None:
    """All of the above would pass if nothing had been stored at all."""
    deliver(member)
    webhook, event, attempt = Webhook.objects.get(), Event.objects.get(), Attempt.objects.get()
    seen = (webhook.url, webhook.secret, webhook.headers.get().value, event.body, attempt.response)
    assert [CANARY in str(value) for value in seen] == [True] * 5
    assert attempt.url == "https://hooks.northwind.com/in?••••••••"
