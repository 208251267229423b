"""Every setting, from the environment, typed; a wrong one stops the start and says the mend.

docs/operations.md lists them; a test holds the two equal. Thresholds of privacy are not here: they
are constants of connections.indicators.disclosure.
"""

import importlib.util
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import dj_database_url
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import EnvError, FileAwareEnv, ValidationError

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

# KINDER_SECRET_KEY_FILE=/run/secrets/… is read where KINDER_SECRET_KEY would be, and so for each.
env = FileAwareEnv()


def _is_nation(value: str) -> None:
    """Refuse a nation whose telephone numbers are not known (kinder.pages.worry)."""
    if value not in ("scotland", "england", "uk"):
        raise ValidationError("KINDER_NATION is scotland, england or uk")


def _bundled_library(package: str, pattern: str) -> str:
    """Return the shared library that `package`'s wheel carries, so that GeoDjango needs no apt
    package (Debian 12's GDAL 3.6 is older than Django recommends)."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImproperlyConfigured(f"{package} is not installed: run bin/run or bin/test once.")
    site = Path(spec.origin).parent.parent
    found = sorted(
        [
            *site.glob(f"{package}.libs/{pattern}"),
            *site.glob(f"{package}/.dylibs/{pattern}"),
        ]
    )
    if not found:
        raise ImproperlyConfigured(
            f"{package}'s wheel carries no {pattern}: reinstall it with pip --force-reinstall."
        )
    return str(found[0])


def _sibling_role_url(url: str, role: str) -> str:
    """Return `url` with its user replaced: the roles of one cluster share host and password."""
    parts = urlsplit(url)
    _user, _at, host = parts.netloc.rpartition("@")
    password = f":{quote(parts.password, safe='')}" if parts.password else ""
    return urlunsplit(parts._replace(netloc=f"{role}{password}@{host}"))


try:
    DEBUG = env.bool("KINDER_DEBUG", False)
    SECRET_KEY = env.str("KINDER_SECRET_KEY")
    SECRET_KEY_FALLBACKS: list[str] = env.list("KINDER_SECRET_KEY_FALLBACKS", [])
    # Fernet keys, newest first: the first encrypts, all decrypt.
    ENCRYPTION_KEYS: list[str] = env.list("KINDER_ENCRYPTION_KEYS")
    ALLOWED_HOSTS = env.list("KINDER_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.list("KINDER_TRUSTED_ORIGINS", [])
    IS_SERVED_OVER_TLS = env.bool("KINDER_TLS", False)
    # Which sites may show the pages under /embed/ in a frame of theirs.
    EMBEDDED_BY: list[str] = env.list("KINDER_EMBEDDED_BY", ["*"])
    TRUSTED_PROXIES = env.int("KINDER_TRUSTED_PROXIES", 0)
    DATABASE_URL = env.str("DATABASE_URL")
    REPORTS_DATABASE_URL = env.str(
        "REPORTS_DATABASE_URL", _sibling_role_url(DATABASE_URL, "kinder_reports")
    )
    REDIS_URL = env.str("REDIS_URL")
    MEDIA_ROOT = env.path("KINDER_MEDIA_ROOT", BASE_DIR / ".local" / "media")
    # What was erased, beside the database: a restored backup does not know it.
    TOMBSTONES = env.path("KINDER_TOMBSTONES", BASE_DIR / ".local" / "tombstones.jsonl")
    STATIC_ROOT = env.path("KINDER_STATIC_ROOT", BASE_DIR / ".local" / "staticfiles")
    SAMPLE_DATA = env.path("KINDER_SAMPLE_DATA", BASE_DIR.parent / "shared" / "data")
    HOLIDAYS = env.str("KINDER_HOLIDAYS", "GB-SCT")
    BASEMAP_URL = env.str("KINDER_BASEMAP_URL", "")
    BASEMAP_ATTRIBUTION = env.str("KINDER_BASEMAP_ATTRIBUTION", "")
    EMAIL_URL = env.str("KINDER_EMAIL_URL", "console://")
    DEFAULT_FROM_EMAIL = env.str("KINDER_FROM_EMAIL", "Kinder <kinder@localhost>")
    # Where the site stands, for links in letters: a worker has no request to ask.
    SITE_URL = env.str("KINDER_SITE_URL", "http://localhost:8000").rstrip("/")
    NATION = env.str("KINDER_NATION", "scotland", validate=_is_nation)
    IS_DEMO = env.bool("KINDER_DEMO", False)
except EnvError as error:
    raise ImproperlyConfigured(
        f"{error}. bin/manage, bin/run and bin/test set it by themselves; elsewhere set it in the "
        "environment as docs/operations.md says."
    ) from error

EMAIL_CONFIG = env.dj_email_url("KINDER_EMAIL_URL", "console://")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG["EMAIL_USE_TLS"]
EMAIL_USE_SSL = EMAIL_CONFIG["EMAIL_USE_SSL"]
# A mail server that does not answer holds a page up no longer than this.
EMAIL_TIMEOUT = 10

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "kinder.admin.KinderAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "pgtrigger",
    "csp",
    "django_htmx",
    "kinder.accounts",
    "places",
    "places.exchange",
    "connections.interactions",
    "connections.befriending",
    "connections.indicators",
    "connections.reports",
    "kinder.pages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "kinder.accounts.middleware.PolicyMiddleware",
    # For phones on slow networks; pads each answer at random, so that its length tells nothing.
    "django.middleware.gzip.GZipMiddleware",
    "kinder.accounts.middleware.HeadersMiddleware",
    "kinder.accounts.middleware.OpenRoadMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kinder.accounts.middleware.FloodMiddleware",
    "kinder.accounts.middleware.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "kinder.urls"
WSGI_APPLICATION = "kinder.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "kinder.pages.context.frame",
            ],
        },
    }
]

GDAL_LIBRARY_PATH = _bundled_library("pyogrio", "libgdal*")
GEOS_LIBRARY_PATH = _bundled_library("shapely", "libgeos_c*")


def _database(url: str) -> dict[str, object]:
    config: dict[str, object] = dict(dj_database_url.parse(url))
    config["ENGINE"] = "django.contrib.gis.db.backends.postgis"
    # A new connection for each request cost nine times the query.
    config["CONN_MAX_AGE"] = 600
    config["CONN_HEALTH_CHECKS"] = True
    # Behind a transaction pooler a server-side cursor would outlive its transaction.
    config["DISABLE_SERVER_SIDE_CURSORS"] = True
    config["OPTIONS"] = {
        # A cut network between application and database is noticed within ten seconds.
        "keepalives_idle": 4,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "connect_timeout": 5,
    }
    return config


DATABASES = {
    "default": _database(DATABASE_URL) | {"TEST": {"TEMPLATE": "template_kinder"}},
    # Reads published tables only; what it may not see it cannot leak.
    "reports": _database(REPORTS_DATABASE_URL) | {"TEST": {"MIRROR": "default"}},
}

# Seconds that a page waits for Redis at most, before it goes on without.
REDIS_TIMEOUT = 0.25
CACHES = {
    "default": {
        "BACKEND": "kinder.cache.FailSafeRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "kinder",
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT},
    }
}
# Sessions live in the database: Redis may vanish at any moment.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_TIME_LIMIT = 900
# The worker logs through LOGGING too, which redacts.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Europe/London"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# By default a killed worker's tasks come back after 92 seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1200,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_BEAT_SCHEDULE = {
    "continue-imports": {
        "task": "places.exchange.tasks.continue_imports",
        "schedule": 3.0,
        "options": {"expires": 10},
    },
    "mark-stale-places": {
        "task": "places.tasks.mark_stale",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "begin-vintage": {
        "task": "places.tasks.begin_vintage",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "match": {
        "task": "connections.befriending.tasks.continue_matching",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "remind": {
        "task": "connections.befriending.tasks.remind_and_send",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "look-after-gatherings": {
        "task": "places.tasks.look_after_gatherings",
        "schedule": 24 * 3600.0,
        "options": {"expires": 3600},
    },
    "ask-this-month": {
        "task": "connections.interactions.tasks.ask_this_month",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "publish-stories": {
        "task": "connections.interactions.tasks.publish_stories",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "sweep": {
        "task": "connections.indicators.tasks.sweep",
        "schedule": 3.0,
        "options": {"expires": 10},
    },
    "continue-releases": {
        "task": "connections.indicators.tasks.continue_releases",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "make-reports": {
        "task": "connections.reports.tasks.make_reports",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "deliver-standing-orders": {
        "task": "connections.reports.tasks.deliver_standing_orders",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "forget-reports": {
        "task": "connections.reports.tasks.forget",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "freeze-what-is-due": {
        "task": "connections.indicators.tasks.freeze_what_is_due",
        "schedule": crontab(minute=25),
        "options": {"expires": 1800},
    },
    "make-pictures": {
        "task": "connections.indicators.tasks.make_pictures",
        "schedule": crontab(hour=4, minute=40),
        "options": {"expires": 6 * 3600},
    },
    # A machine that was off at that time catches up when Beat starts.
    "apply-retention": {
        "task": "kinder.accounts.tasks.apply_retention",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 6 * 3600},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(BASE_DIR / ".local" / "beat-schedule")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kinder",
    "DESCRIPTION": "Places to meet, moments of kindness, released figures.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {"device": {"type": "apiKey", "in": "cookie", "name": "kinder_device"}}
    },
}

LANGUAGE_CODE = "en-gb"
LANGUAGES = [
    ("en-gb", "English"),
    ("gd", "Gàidhlig"),
    ("pl", "Polski"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["kinder.formats"]
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
MEDIA_URL = "/media/"

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "kinder.accounts.passwords.CommonCoreValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "kinder.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "kinder.accounts.forms.SignInForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
# Codes, not links: mail scanners open links.
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "kinder.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Kinder"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or TESTING or IS_DEMO

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Browsers hold a cookie of such a name to this one host, its root and HTTPS.
COOKIE_PREFIX = "__Host-" if IS_SERVED_OVER_TLS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}kinder_device"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = IS_SERVED_OVER_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_SERVED_OVER_TLS
SECURE_HSTS_SECONDS = 31_536_000 if IS_SERVED_OVER_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_SERVED_OVER_TLS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
_BASEMAP_ORIGIN = ["{0.scheme}://{0.netloc}".format(urlsplit(BASEMAP_URL))] if BASEMAP_URL else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *_BASEMAP_ORIGIN],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *_BASEMAP_ORIGIN],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "upgrade-insecure-requests": IS_SERVED_OVER_TLS,
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "kinder.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"kinder": {"level": "INFO"}, "django.security": {"level": "WARNING"}},
}

SITE_NAME = _("Kinder")
