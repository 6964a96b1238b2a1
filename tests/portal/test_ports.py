"""Taken ports."""

import socket
from collections.abc import Iterator

import pytest

from portal import ports
from tests.servers import free_port

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def taken(socket_enabled: None) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_free_ports_are_no_news() -> None:
    assert ports.main([str(free_port()), str(free_port())]) is None


def test_a_taken_port_is_named_with_the_way_out(taken: int) -> None:
    message = ports.main([str(free_port()), str(taken)])
    assert message is not None
    assert f"Taken on this machine: port {taken}." in message
    assert "make run PORT=" in message
