"""Why an attempt failed, in plain words."""

import pytest

from deliveries.causes import CAUSES, STATUSES, Cause, cause_of_status, explain


@pytest.mark.parametrize("status_code", [200, 201, 202, 204, 226, 299])
def test_2xx_is_success(status_code: int) -> None:
    """Only 2xx is success."""
    assert cause_of_status(status_code) is None


@pytest.mark.parametrize(
    ("status_code", "cause"),
    [
        (100, Cause.STATUS),
        (199, Cause.STATUS),
        (300, Cause.REDIRECT),
        (304, Cause.REDIRECT),
        (308, Cause.REDIRECT),
        (399, Cause.REDIRECT),
        (400, Cause.STATUS),
        (500, Cause.STATUS),
        (999, Cause.STATUS),
    ],
)
def test_everything_else_is_a_failure(status_code: int, cause: Cause) -> None:
    """Everything else is a failure, a redirect being one of its own."""
    assert cause_of_status(status_code) is cause


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_title_and_a_fix(cause: Cause) -> None:
    """Every cause has a title and a fix."""
    explanation = explain(cause)
    assert explanation.title
    assert explanation.fix.endswith(".")


def test_no_two_causes_read_the_same() -> None:
    """No two causes read the same."""
    assert len({explanation.title for explanation in CAUSES.values()}) == len(Cause)


@pytest.mark.parametrize(
    ("status_code", "title", "words"),
    [
        (401, "Answered 401 Unauthorized", "signature over the raw body"),
        (403, "Answered 403 Forbidden", "firewall"),
        (404, "Answered 404 Not Found", "path in the webhook's URL"),
        (410, "Answered 410 Gone", "delete the webhook"),
        (413, "Answered 413", "client_max_body_size"),
        (415, "Answered 415 Unsupported Media Type", "application/json"),
        (418, "Answered 418", "refused the request"),
        (429, "Answered 429 Too Many Requests", "limits the rate"),
        (500, "Answered 500 Internal Server Error", "log"),
        (503, "Answered 503 Service Unavailable", "held for you"),
        (520, "Answered 520", "failed"),
        (999, "Answered 999", "failed"),
    ],
)
def test_a_status_has_a_fix_of_its_own(status_code: int, title: str, words: str) -> None:
    """A status has a fix of its own."""
    explanation = explain(Cause.STATUS, status_code)
    assert explanation.title.startswith(title)
    assert words in explanation.fix


def test_the_cause_may_come_as_the_log_keeps_it() -> None:
    """The cause may come as the log keeps it."""
    assert explain("redirect", 302) is CAUSES[Cause.REDIRECT]


def test_only_failures_are_explained() -> None:
    """No status in the table is a success."""
    assert all(cause_of_status(status_code) is Cause.STATUS for status_code in STATUSES)
