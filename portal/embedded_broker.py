"""A Celery broker that needs no server: one file a message in a folder of this machine."""

import json
import os
import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """
    Kombu's filesystem channel with whole messages only.

    Kombu opens the message under its final name and then writes it, so a reader that is quick
    enough takes an empty file and the worker dies of it. Here the name appears with the text.
    """

    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        draft = self._folder / f"{name}.draft"
        draft.write_text(json.dumps(payload))
        os.replace(draft, self._folder / name)

    @cached_property
    def _folder(self) -> Path:
        folder = Path(self.transport_options["folder"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @cached_property
    def data_folder_in(self) -> str:
        return str(self._folder)

    @cached_property
    def control_folder(self) -> Path:
        return self._folder / "control"


class Transport(filesystem.Transport):
    """Kombu's filesystem transport over the channel above."""

    Channel = Channel
