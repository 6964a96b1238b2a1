"""
When people are told that a webhook is in trouble. Pure.

They are told when the last three attempts failed, which is what the portal calls failing, and this has
gone on for LASTING. Both are needed. A single delivery that its first or second retry heals (after one
and three seconds) never makes three failures in a row; but an endpoint that restarts while fifty
deliveries are under way fails fifty times within a tenth of a second, and most of them heal a second
later. With the promised waits a dead endpoint is told of at the fourth failure, some seven seconds
after the first and well before the webhook is deactivated: two e-mails, the second of which is the end.

Then they are not told again for QUIET, whatever happens: an endpoint that fails and recovers all day
costs one e-mail a day. Deactivation is another matter; each one is told, and none of it is counted here.
"""

from datetime import datetime, timedelta

from webhooks.health import Health, health

#: For how long every attempt must have failed.
LASTING = timedelta(seconds=5)

#: The least time from one e-mail about trouble to the next about the same webhook.
QUIET = timedelta(hours=24)


def is_to_be_told(
    outcomes: str, *, failing_since: datetime | None, told_at: datetime | None, now: datetime
) -> bool:
    """
    Tell whether people should hear now that a webhook is in trouble.

    *outcomes* are its recent attempts as webhooks.health keeps them; *failing_since* is when the first of
    those began that have failed ever since, *told_at* when people were last told.
    """
    is_failing = health(outcomes, deactivated=False) == Health.RED
    has_lasted = failing_since is not None and now - failing_since >= LASTING
    was_told = told_at is not None and now - told_at < QUIET
    return is_failing and has_lasted and not was_told
