"""The broker that needs no server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from portal import celery_app, embedded_broker
from portal.embedded_broker import Channel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "broker"


@pytest.fixture
def channels(folder: Path) -> Iterator[list[Channel]]:
    """Two processes' channels, as far as the folder can tell."""
    options = {"folder": str(folder)}
    connect = celery_app.connection_for_write
    connections = [connect("embedded://localhost", transport_options=options) for _ in range(2)]
    yield [each.channel() for each in connections]
    for each in connections:
        each.release()


def drain(channel: Channel, queue: str = "q") -> list[Any]:
    messages = []
    try:
        while True:
            messages.append(channel._get(queue))
    except Empty:
        return messages


def test_a_message_travels_from_one_process_to_another(channels: list[Channel]) -> None:
    here, there = channels
    here._put("q", {"body": "é ☃"})
    assert there._get("q") == {"body": "é ☃"}


def test_messages_come_in_the_order_in_which_they_were_sent(channels: list[Channel]) -> None:
    here, there = channels
    for number in range(20):
        here._put("q", {"number": number})
    assert [message["number"] for message in drain(there)] == list(range(20))


def test_a_message_is_taken_once(channels: list[Channel]) -> None:
    here, there = channels
    here._put("q", {})
    there._get("q")
    with pytest.raises(Empty):
        here._get("q")


def test_queues_are_apart(channels: list[Channel]) -> None:
    here, there = channels
    here._put("one", {})
    with pytest.raises(Empty):
        there._get("two")


def test_a_queue_knows_its_size_and_can_be_emptied(channels: list[Channel]) -> None:
    here, there = channels
    for _ in range(3):
        here._put("q", {})
    assert there._size("q") == 3
    assert there._purge("q") == 3
    assert here._size("q") == 0


def test_what_is_still_being_written_is_not_there_yet(channels: list[Channel], folder: Path) -> None:
    here, there = channels
    here._put("q", {})
    [message] = folder.iterdir()
    message.rename(message.with_suffix(".draft"))
    assert there._size("q") == 0
    assert drain(there) == []


def test_a_queue_that_nobody_empties_stops_growing(
    channels: list[Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_broker, "MAX_MESSAGES", 5)
    here, there = channels
    for number in range(9):
        here._put("q", {"number": number})
    assert [message["number"] for message in drain(there)] == list(range(5))


def test_the_folder_is_closed_to_others(channels: list[Channel], folder: Path) -> None:
    channels[0]._put("q", {})
    assert folder.stat().st_mode & 0o077 == 0


def test_readers_that_race_writers_get_every_message_whole_and_once(channels: list[Channel]) -> None:
    here, _ = channels
    text, writers, each = "x" * 100_000, 2, 100
    written = threading.Event()

    def write(writer: int) -> None:
        for number in range(each):
            here._put("q", {"id": f"{writer}-{number}", "text": text})

    def read(channel: Channel) -> list[Any]:
        messages = []
        while not written.is_set() or channel._size("q"):
            messages += drain(channel)
        return messages

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(read, channel) for channel in channels]
        for writer in [pool.submit(write, number) for number in range(writers)]:
            writer.result()
        written.set()
        messages = [message for reader in readers for message in reader.result()]
    assert {message["text"] for message in messages} == {text}
    assert sorted(message["id"] for message in messages) == sorted(
        f"{writer}-{number}" for writer in range(writers) for number in range(each)
    )
