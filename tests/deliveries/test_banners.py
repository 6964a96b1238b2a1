import pytest
from django.utils import timezone

from deliveries.banners import MOST_HELD, Banner, banner
from deliveries.causes import Cause
from webhooks.models import Webhook


def say(webhook: Webhook, *, held: int) -> Banner:
    said = banner(webhook, held=held)
    assert said is not None
    return said


def test_nothing_is_said_while_nothing_is_wrong():
    assert banner(Webhook(outcomes="ffs"), held=0) is None


def test_failures_deactivated_it():
    webhook = Webhook(is_active=False, deactivated_at=timezone.now(), deactivation_reason="Nobody listens.")
    said = say(webhook, held=1)
    assert said.tone == "bad"
    assert said.text.startswith("Nobody listens. 1 notification is held")
    assert said.text.endswith("Fix the endpoint, test the webhook, then activate it.")


def test_it_says_who_was_told_of_it():
    webhook = Webhook(is_active=False, deactivated_at=timezone.now(), deactivation_reason="Nobody listens.")
    said = banner(webhook, held=0, told="2 addresses were told.")
    assert said is not None
    assert said.text.endswith("then activate it. 2 addresses were told.")
    assert banner(Webhook(outcomes="s"), held=0, told="2 addresses were told.") is None


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (0, "New results are held until it is active again."),
        (2, "2 notifications are held"),
        (MOST_HELD, "1,000 notifications are held"),
        (MOST_HELD + 1, "More than 1,000 notifications are held"),
    ],
)
def test_somebody_paused_it(held, words):
    said = say(Webhook(is_active=False), held=held)
    assert said.tone == "none"
    assert said.text.startswith(words)


@pytest.mark.parametrize(("outcomes", "tone"), [("sff", "warn"), ("sfff", "bad")])
def test_it_is_failing(outcomes, tone):
    said = say(Webhook(outcomes=outcomes, last_cause="dns"), held=0)
    assert (said.tone, said.title) == (tone, "Host name not found.")
    assert "after 1, 2, 4, 8 and 16 s" in said.text


def test_its_template_deactivated_it():
    reason = "The payload template does not fit this event."
    webhook = Webhook(is_active=False, deactivated_at=timezone.now(), deactivation_reason=reason)
    webhook.last_cause = Cause.TEMPLATE
    assert f"{reason} New results are held" in say(webhook, held=0).text
    assert "Correct the payload template, test the webhook, then activate it." in say(webhook, held=0).text


@pytest.mark.parametrize(
    ("fields", "anchor"),
    [
        ({"outcomes": "sfff", "last_cause": "dns"}, "dns"),
        ({"outcomes": "sfff", "last_cause": "status", "last_status_code": 404}, "status-404"),
        ({"outcomes": "fs", "last_failed_cause": "tls", "last_failed_at": timezone.now()}, "tls"),
        ({"is_active": False, "deactivated_at": timezone.now(), "last_cause": "connect"}, "connect"),
        ({"is_active": False, "deactivated_at": timezone.now()}, ""),
        ({"is_active": False}, ""),
    ],
)
def test_what_failed_leads_to_its_section_of_the_documentation(fields, anchor):
    assert say(Webhook(**fields), held=0).anchor == anchor
