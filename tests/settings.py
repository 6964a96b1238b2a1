"""The portal's settings as a fresh clone has them, but for what tests must neither wait for nor share."""

from pathlib import Path

import environ

# What a developer keeps in .env must not change what the tests see.
environ.Env.read_env = lambda *_, **__: None

from portal.settings import *  # noqa: E402, F403 - after the line above
from portal.settings import DATABASES, LOCAL_DIR, TEMPLATES  # noqa: E402
from tests.templates import FailIfUndefined  # noqa: E402

SECRET_KEY = "tests" * 10
FIELD_ENCRYPTION_KEYS = ["dGVzdHMgb25seSwgbm90IGEgc2VjcmV0LCAzMiBieXQ="]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a good one is slow on purpose

# Wakes stay in this process, unless a test starts real workers.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in earnest: Django's default for tests is memory, which other processes cannot see.
    LOCAL_DIR.mkdir(mode=0o700, exist_ok=True)
    name = f"test-{Path(DATABASES['default']['NAME']).stem}.sqlite3"  # one for each, as on PostgreSQL
    DATABASES["default"]["TEST"] = {"NAME": str(LOCAL_DIR / name)}

TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = FailIfUndefined()  # type: ignore[index]

# Look for a static file when it is asked for, not for all of them whenever a test opens a browser.
WHITENOISE_AUTOREFRESH = True
