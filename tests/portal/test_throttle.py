"""How often somebody may try to log in."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client, RequestFactory
from pytest_django import Settings

from portal import throttle
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

DANA = "dana@northwind.example"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches soon: 2 per name and address, 4 per name."""
    monkeypatch.setattr(throttle, "PER_NAME_AND_ADDRESS", 2)
    monkeypatch.setattr(throttle, "PER_NAME", 4)


def log_in(
    *,
    name: str = DANA,
    password: str = "wrong",
    address: str = "192.0.2.1",
    url: str = "/login/",
    **more: str,
) -> Any:
    form = {"username": name, "password": password}
    return Client().post(url, form, REMOTE_ADDR=address)


def is_throttled(response: Any) -> bool:
    return b"too many attempts" in response.content


def test_too_many_attempts_are_refused_even_with_the_right_password(limits: None) -> None:
    make_user(email=DANA, password=PASSWORD)
    assert not any(is_throttled(log_in()) for _ in range(2))
    response = log_in(password=PASSWORD)
    assert is_throttled(response)
    assert response.status_code == 200


def test_whoever_is_refused_reads_why_and_what_to_do(limits: None) -> None:
    page = [log_in() for _ in range(3)][-1].content.decode()
    assert "too many attempts to log in with this e-mail address" in page
    assert "Wait 15 minutes" in page
    assert "/password-reset/" in page


def test_somebody_else_at_the_same_address_is_not_shut_out(limits: None) -> None:
    make_user(email="sam@northwind.example", password=PASSWORD)
    for _ in range(9):
        log_in()
    assert log_in(name="sam@northwind.example", password=PASSWORD).status_code == 302


def test_one_address_cannot_shut_a_person_out_elsewhere(limits: None) -> None:
    make_user(email=DANA, password=PASSWORD)
    for _ in range(9):
        log_in(address="198.51.100.7")
    assert log_in(password=PASSWORD).status_code == 302


def test_many_addresses_together_are_refused_too(limits: None) -> None:
    answers = [is_throttled(log_in(address=f"198.51.100.{number}")) for number in range(6)]
    assert answers == [False] * 4 + [True] * 2


def test_the_wait_ends(limits: None) -> None:
    make_user(email=DANA, password=PASSWORD)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for _ in range(5):
            log_in()
        clock.shift(throttle.WINDOW - 1)
        assert is_throttled(log_in(password=PASSWORD))
        clock.shift(2)
        assert log_in(password=PASSWORD).status_code == 302


def test_who_gets_in_has_all_attempts_again(limits: None) -> None:
    make_user(email=DANA, password=PASSWORD)
    for _ in range(3):
        log_in()
        assert log_in(password=PASSWORD).status_code == 302


@pytest.mark.parametrize("name", [DANA.upper(), f" {DANA} ", "\uff44ana@northwind.example"])
def test_another_spelling_of_a_name_is_the_same_name(limits: None, name: str) -> None:
    answers = [is_throttled(log_in(name=each)) for each in (DANA, name, DANA)]
    assert answers == [False, False, True]


def test_a_name_that_nobody_has_is_answered_alike(limits: None) -> None:
    make_user(email=DANA, password=PASSWORD)
    known, unknown = (
        [is_throttled(log_in(name=name)) for _ in range(4)] for name in (DANA, "no@body.example")
    )
    assert known == unknown


def test_a_cache_that_is_down_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError

    make_user(email=DANA, password=PASSWORD)
    for method in ("add", "incr", "delete_many"):
        monkeypatch.setattr(f"portal.throttle.cache.{method}", down)
    assert log_in(password=PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("production", "forwarded", "address"),
    [
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (True, "", "192.0.2.1"),
        (False, "203.0.113.9", "192.0.2.1"),
    ],
)
def test_the_address_is_the_one_that_our_proxy_saw(
    settings: Settings, production: bool, forwarded: str, address: str
) -> None:
    settings.PRODUCTION = production
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers=headers)
    assert throttle._address(request) == address


def test_nothing_personal_is_kept(limits: None) -> None:
    log_in()
    assert cache._cache  # type: ignore[attr-defined]
    assert not any("northwind" in key or "192.0.2" in key for key in cache._cache)  # type: ignore[attr-defined]
