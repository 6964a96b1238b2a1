"""How a webhook's health is shown."""

import pytest
from django.template import Context, Template
from django.utils import timezone

from deliveries.causes import Cause
from webhooks.models import Webhook
from webhooks.templatetags.webhook_look import CAUSES, bars, health_pill, last_outcome, outcome_strip


@pytest.mark.parametrize(
    ("fields", "words", "tone"),
    [
        ({}, "No deliveries yet", "none"),
        ({"outcomes": "sss"}, "Healthy", "good"),
        ({"outcomes": "sfs"}, "Some failures", "warn"),
        ({"outcomes": "sfff"}, "Failing", "bad"),
        ({"outcomes": "sss", "is_active": False}, "Inactive", "none"),
        ({"outcomes": "sss", "is_active": False, "deactivated_at": timezone.now()}, "Failing", "bad"),
    ],
)
def test_the_pill_says_it_in_word_and_colour(fields, words, tone):
    pill = health_pill(Webhook(**fields))
    assert (pill["words"], pill["tone"]) == (words, tone)


@pytest.mark.parametrize(
    ("outcomes", "tones"),
    [
        ("", "n" * 20),
        ("s", "n" * 19 + "g"),
        ("s" * 20, "g" * 20),
        ("sf", "n" * 18 + "gw"),
        ("sff", "n" * 17 + "gww"),
        ("sfff", "n" * 16 + "gbbb"),
        ("fffs", "n" * 16 + "wwwg"),
        ("f" * 20, "b" * 20),
    ],
)
def test_the_strip_shows_twenty_bars_oldest_first(outcomes, tones):
    names = {"n": "none", "g": "good", "w": "warn", "b": "bad"}
    assert bars(outcomes) == [names[tone] for tone in tones]


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ("", "Last 20 attempts: no attempts yet"),
        ("sfs", "Last 20 attempts: 2 succeeded, 1 failed"),
    ],
)
def test_the_strip_says_it_in_words_too(outcomes, words):
    assert outcome_strip(Webhook(outcomes=outcomes))["words"] == words


def test_pill_and_strip_are_drawn():
    template = Template("{% load webhook_look %}{% health_pill webhook %}{% outcome_strip webhook %}")
    drawn = template.render(Context({"webhook": Webhook(outcomes="sf")}))
    assert 'class="pill warn"' in drawn
    assert 'aria-label="Last 20 attempts: 1 succeeded, 1 failed"' in drawn
    assert drawn.count("<i ") == 20


def test_the_last_answer_is_shown_by_its_status_and_time():
    webhook = Webhook(last_status_code=503, last_cause="status", last_duration_ms=1204)
    assert last_outcome(webhook) == "503 in 1,204 ms"


def test_without_an_answer_its_cause_is_shown_in_words():
    assert last_outcome(Webhook(last_cause="timeout", last_duration_ms=10_000)) == "timed out"


def test_every_cause_without_an_answer_has_words():
    assert set(CAUSES) == set(Cause) - {Cause.STATUS, Cause.REDIRECT}
