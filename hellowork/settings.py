"""Settings of the portal. Everything that differs between installations comes from the environment.

`.env.example` lists every variable with its meaning. `PORTAL_ENV=production` refuses to start while a secret is missing.
"""

from datetime import timedelta
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

PRODUCTION = env.str("PORTAL_ENV", "development") == "production"
DEMO = env.bool("PORTAL_DEMO", False)
REQUIRED_IN_PRODUCTION = (
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "ALLOWED_HOSTS",
    "PORTAL_URL",
    "MAIL_FROM",
    "EMAIL_URL",
    "ZOOM_ACCOUNT_ID",
    "ZOOM_CLIENT_ID",
    "ZOOM_CLIENT_SECRET",
)
missing = [name for name in REQUIRED_IN_PRODUCTION if PRODUCTION and not env.str(name, "")]
if missing:
    message = "PORTAL_ENV=production, but not set: " + ", ".join(missing) + ". See .env.example."
    raise ImproperlyConfigured(message)

# --- Core -----------------------------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY", "development-only-key-never-used-in-production-0123456789")
DEBUG = env.bool("DEBUG", False) and not PRODUCTION
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PORTAL_URL = env.str("PORTAL_URL", "http://localhost:8000").rstrip("/")
PORTAL_NAME = "オンライン職業相談予約"
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
ROOT_URLCONF = "hellowork.urls"
WSGI_APPLICATION = "hellowork.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "hellowork.apps.HelloworkConfig",
    "booking.apps.BookingConfig",
    "offices.apps.OfficesConfig",
    "mailing.apps.MailingConfig",
    "accounts.apps.AccountsConfig",
    "terms.apps.TermsConfig",
    "audit.apps.AuditConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "hellowork.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
]
if DEMO:
    INSTALLED_APPS.insert(1, "demo.apps.DemoConfig")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hellowork.middleware.HealthMiddleware",
    "hellowork.middleware.RefuseUnreadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SignInLimitsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.StaffSecondFactorMiddleware",
    "hellowork.middleware.PersonalPagesMiddleware",
]

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
                "hellowork.context_processors.portal",
            ]
        },
    }
]
FORM_RENDERER = "hellowork.form_rendering.PortalFormRenderer"

# --- Database, cache, broker ----------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **env.db("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/hellowork"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"},
    }
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database; nothing else is supported.")

REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "hellowork",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TIMEZONE = "Asia/Tokyo"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"booking.tasks.*": {"queue": "meetings"}, "mailing.tasks.*": {"queue": "mails"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_BEAT_SCHEDULE_FILENAME = env.str("CELERY_BEAT_FILE", str(BASE_DIR / "var" / "celerybeat-schedule"))
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
PACE = 1
"""Waits before something is taken back from the dead, or tried again, are divided by it. Only the chaos suite raises it."""

# --- Language, time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"
FORMAT_MODULE_PATH = ["hellowork.formats"]

# --- Static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Mail -----------------------------------------------------------------------------------------------------------

vars().update(env.email("EMAIL_URL", "smtp://127.0.0.1:2525"))
EMAIL_TIMEOUT = 20
EMAIL_SUBJECT_PREFIX = ""
MAIL_FROM = env.str("MAIL_FROM", "yoyaku@hellowork-sample.example")
DEFAULT_FROM_EMAIL = f"ハローワーク {PORTAL_NAME} <{MAIL_FROM}>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_BOUNCES_TO = env.str("MAIL_BOUNCES_TO", "")
BOUNCE_MAILBOX_URL = env.str("BOUNCE_MAILBOX_URL", "")
BOUNCE_WEBHOOK_SECRET = env.str("BOUNCE_WEBHOOK_SECRET", "")

# --- Accounts -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "【ハローワーク】"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "add_email": "accounts.forms.AddEmailForm",
}
MFA_FORMS = {
    "authenticate": "accounts.forms.MfaAuthenticateForm",
    "reauthenticate": "accounts.forms.MfaReauthenticateForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddWebAuthnForm",
    "edit_webauthn": "accounts.forms.EditWebAuthnForm",
}
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/h/key",
    "change_email": "5/h/user",
    "confirm_email": "1/3m/key",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = PORTAL_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False
PROVISIONAL_REGISTRATION_LIFETIME = timedelta(hours=24)
REGISTRATION_RATE_LIMITS = {"ip": "20/hour", "address": "5/hour"}
BOOKING_RATE_LIMITS = {"user": "60/hour"}
LINK_RATE_LIMITS = {"ip": "20/hour", "address": "5/hour"}
LOOK_UP_RATE_LIMITS = {"ip": "20/15 minutes", "number": "5/15 minutes"}

# Counted from the sign-in, whatever a person does (domain-and-standards F 32). The idle limit is longer than the longest
# session. Seekers have none: it would take away what they typed on the way to a reservation.
SEEKER_SIGN_IN_LASTS = timedelta(hours=12)
STAFF_SIGN_IN_LASTS = timedelta(hours=8)
STAFF_MAY_BE_IDLE = timedelta(hours=1)
SESSION_COOKIE_AGE = int(SEEKER_SIGN_IN_LASTS.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# --- Security -------------------------------------------------------------------------------------------------------

SECURE_COOKIES = PRODUCTION
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=730).total_seconds()) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 1 if env.bool("BEHIND_PROXY", False) else 0)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# --- Meetings -------------------------------------------------------------------------------------------------------

ZOOM_API_URL = env.str("ZOOM_API_URL", "https://api.zoom.us/v2")
ZOOM_OAUTH_URL = env.str("ZOOM_OAUTH_URL", "https://zoom.us/oauth/token")
ZOOM_ACCOUNT_ID = env.str("ZOOM_ACCOUNT_ID", "")
ZOOM_CLIENT_ID = env.str("ZOOM_CLIENT_ID", "")
ZOOM_CLIENT_SECRET = env.str("ZOOM_CLIENT_SECRET", "")
ZOOM_TIMEOUT = timedelta(seconds=10)
ZOOM_JOIN_HOSTS = env.list("ZOOM_JOIN_HOSTS", default=["zoom.us"])
ZOOM_WEBHOOK_SECRETS = [secret for secret in env.list("ZOOM_WEBHOOK_SECRET", default=[]) if secret]
"""Without one there is no endpoint. Two while the secret is being changed: either is accepted."""
ZOOM_WEBHOOK_MAX_AGE = timedelta(minutes=env.int("ZOOM_WEBHOOK_MAX_AGE_MINUTES", 120))
"""Zoom tries again after 5, 20 and 60 minutes, and does not say whether with a fresh timestamp."""
ZOOM_WEBHOOK_MAX_AHEAD = timedelta(minutes=5)
ZOOM_WEBHOOK_MAX_BYTES = 64 * 1024
MEETING_LINK_HOSTS = env.list("MEETING_LINK_HOSTS", default=[])
"""To these and their subdomains a link that staff enter may lead; none by default."""

# --- What is kept how long (domain-and-standards B.6; the owner of the data confirms) ---------------------------------

FISCAL_YEARS_KEPT = 1
"""Contact data of a reservation stay for so many fiscal years after the one of the session."""
RETENTION = {
    "topic": timedelta(days=90),
    "attendance": timedelta(days=90),
    "webhook_delivery": timedelta(days=7),
    "meeting_link": timedelta(days=1),
    "bare_hold": timedelta(days=1),
    "consent_after_account": timedelta(days=365),
    "mail_content": timedelta(days=90),
    "mail_row": timedelta(days=365),
}

UNUSED_ACCOUNT_YEARS = 1
"""An account nobody used for so long is erased (J-17)."""
UNUSED_ACCOUNT_NOTICES = [timedelta(days=60), timedelta(days=30), timedelta(days=7)]
"""So long before, its owner is written to (X-16)."""

# --- Logs -----------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
