"""The portal's settings for the processes of tests/stack.py: as in earnest, with files of their own."""

import os
from pathlib import Path

import environ

# What a developer keeps in .env must not change what the tests see.
environ.Env.read_env = lambda *_, **__: None

from portal.settings import *  # noqa: E402, F403 - after the line above
from portal.settings import CELERY_BROKER_TRANSPORT_OPTIONS  # noqa: E402

_folder = Path(os.environ["TESTS_FOLDER"])

CELERY_BEAT_SCHEDULE_FILENAME = str(_folder / "celerybeat-schedule")
if "folder" in CELERY_BROKER_TRANSPORT_OPTIONS:
    CELERY_BROKER_TRANSPORT_OPTIONS["folder"] = str(_folder / "broker")  # type: ignore[assignment]
