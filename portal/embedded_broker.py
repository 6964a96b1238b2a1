"""A Celery broker that needs no server: a folder of this machine, one file a message."""

import json
import time
import uuid
from functools import cached_property
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual

#: A folder that nobody empties stops growing here. Messages are wakes: one more says nothing new.
MAX_MESSAGES = 1_000


class Channel(virtual.Channel):
    """
    Queues as files that appear whole and are taken once, by however many processes.

    Kombu's own filesystem transport shows its readers files that are still being written, and takes
    them through the machine's temporary folder, which may be on another disk.
    """

    do_restore = False  # a wake that is lost costs latency only

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        if self._size(queue) >= MAX_MESSAGES:
            return
        path = self._folder / f"{time.time_ns()}-{uuid.uuid4().hex}.{queue}.msg"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(message))
        draft.replace(path)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - kombu's signature
        for path in sorted(self._messages(queue)):
            try:
                text = path.read_text()
                path.unlink()
            except FileNotFoundError:  # another worker was quicker
                continue
            return json.loads(text)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for path in messages:
            path.unlink(missing_ok=True)
        return len(messages)

    def _messages(self, queue: str) -> list[Path]:
        return list(self._folder.glob(f"*.{queue}.msg"))

    @cached_property
    def _folder(self) -> Path:
        folder = Path(self.connection.client.transport_options["folder"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


class Transport(virtual.Transport):
    """Kombu's virtual transport over the channel above."""

    Channel = Channel
    driver_type = driver_name = "embedded"

    #: What has been declared, by any connection of this process.
    shared_state = virtual.BrokerState()  # type: ignore[no-untyped-call]

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)  # type: ignore[no-untyped-call]
        self.state = self.shared_state

    def driver_version(self) -> str:
        return "N/A"
