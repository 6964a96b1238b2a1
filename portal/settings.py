"""
Settings, all from the environment (or a `.env` file beside manage.py).

With none set the portal runs on this machine only: it answers to localhost, keeps its data in
SQLite and its keys in `.local/`. It is in *production* as soon as DEBUG is set to false or
ALLOWED_HOSTS names a public host; then it refuses to start on any value that would be unsafe.
"""

from pathlib import Path

import bootstrap_wrapper
import environ
from csp.constants import NONE, SELF
from django.contrib.messages import constants as messages

from portal import safety

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# --- Who we are, and how careful we must be -------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or safety.LOCAL_HOSTS
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PRODUCTION = safety.is_production(debug=env.str("DEBUG", default=None), hosts=ALLOWED_HOSTS)
# Where people reach the portal, for links in e-mail.
PORTAL_URL = env.str("PORTAL_URL", default="") or (
    safety.portal_url(origins=CSRF_TRUSTED_ORIGINS, hosts=ALLOWED_HOSTS)
    if PRODUCTION
    else "http://localhost:8000"
)
WEBHOOKS_ALLOW_LOOPBACK = env.bool("WEBHOOKS_ALLOW_LOOPBACK", default=False)
# No webhook may lead back here: names of ours (".example.com" covers subdomains) and the addresses or
# networks we send from.
WEBHOOK_OWN_HOSTS = env.list("WEBHOOK_OWN_HOSTS", default=safety.public_hosts(ALLOWED_HOSTS))
WEBHOOK_OWN_ADDRESSES = env.list("WEBHOOK_OWN_ADDRESSES", default=[])
# Where the network lets nothing out but through a proxy: http://proxy.internal:3128.
WEBHOOK_EGRESS_PROXY = env.str("WEBHOOK_EGRESS_PROXY", default="")

if PRODUCTION:
    safety.require_safe(env.ENVIRON)
    SECRET_KEY = env.str("SECRET_KEY")
    FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")
else:
    SECRET_KEY = env.str("SECRET_KEY", default="") or safety.local_key(LOCAL_DIR / "secret-key")
    FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[]) or [
        safety.local_key(LOCAL_DIR / "field-encryption-key")
    ]

# What older keys signed is still read: sessions and open links outlive a change of SECRET_KEY.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "webhooks.apps.WebhooksConfig",
    "deliveries.apps.DeliveriesConfig",
    "django_htmx",
    "csp",
    "django_otp",
    "portal.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "portal.middleware.SecondStepMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data --------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/db.sqlite3")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Immediate transactions: two writers queue for the lock instead of one of them failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL",
    }
else:
    # For portal.prepared. Behind a pooler that forgets prepared statements (PgBouncer before 1.21), add
    # ?prepare_threshold=1000000000 to DATABASE_URL.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 2)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery: carries wakes, nothing else -----------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "embedded://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # Redis need not remember what was taken and not acknowledged: what that could save, the next sweep finds.
    {"socket_connect_timeout": 2, "socket_timeout": 5, "ack_emulation": False}
    if REDIS_URL
    else {"folder": str(LOCAL_DIR / "broker"), "polling_interval": 0.1}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Celery closes the database connection around every task unless told how often to keep it.
CELERY_DB_REUSE_MAX = 10_000
CELERY_BEAT_SCHEDULER = "portal.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(LOCAL_DIR / "celerybeat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
SWEEP_EXPIRES = 2 * 3600
CELERY_BEAT_SCHEDULE = {
    # Retries come due by the clock, so this bounds how late the shortest wait can be. A sweep that
    # no worker took in time is worthless, for the next one finds the same rows; but beat's clock and a
    # worker's may be more than an hour apart, and a sweep that expires too early is never made.
    "sweep": {"task": "deliveries.deliver", "schedule": 0.5, "options": {"expires": SWEEP_EXPIRES}},
    "stragglers": {
        "task": "deliveries.release_stragglers",
        "schedule": 10,
        "options": {"expires": SWEEP_EXPIRES},
    },
    # Also what tells the workers of new alerts: an e-mail need not be faster.
    "alerts": {"task": "deliveries.mail_alerts", "schedule": 5, "options": {"expires": SWEEP_EXPIRES}},
    "purge": {"task": "deliveries.purge", "schedule": 3600, "options": {"expires": SWEEP_EXPIRES}},
}

# Counts attempts to log in; nothing is lost when it is emptied. Without Redis each process counts alone.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}}
}

# --- What is kept, and how long ----------------------------------------------------------------

# Payloads and answers are personal; that and when something was delivered is proof.
PAYLOAD_RETENTION_DAYS = env.int("PAYLOAD_RETENTION_DAYS", default=30)
LOG_RETENTION_DAYS = env.int("LOG_RETENTION_DAYS", default=365)

# --- People --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["portal.authentication.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "webhooks:list"
LOGOUT_REDIRECT_URL = "login"

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10  # seconds that a mail server may keep us waiting, at each step
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Cr3dentials <webhooks@localhost>")

# --- Web -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

MESSAGE_TAGS = {messages.ERROR: "bad", messages.WARNING: "warn", messages.SUCCESS: "good"}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
if not PRODUCTION:
    STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns where there is none
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", Path(bootstrap_wrapper.__file__).parent.parent / "bootstrap" / "css"),
]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# Out of the way of whoever tries every site's /admin/.
ADMIN_PATH = env.str("ADMIN_PATH", default="admin").strip("/") + "/"

# Whom to tell about a fault: an address that begins with mailto: or https://. Shown in security.txt.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")

# Who gives it in "Authorization: Bearer …" may read /metrics/; without one nobody may.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# The largest form is a webhook with 20 headers of 4 kB; none takes a file.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_HANDLERS: list[str] = []

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
# Load balancers ask in the clear, from inside.
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "portal.redaction.Formatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Statements hold what is stored, so nobody reads them here, whatever LOG_LEVEL is.
    "loggers": {"django.db.backends": {"level": "INFO"}},
}
DEFAULT_EXCEPTION_REPORTER = "portal.redaction.Report"
DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.redaction.ReportFilter"
