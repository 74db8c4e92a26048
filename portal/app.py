"""Putting the portal together."""

import time
from pathlib import Path

from flask import Flask, Response, g, request
from flask_compress import Compress

from portal import access, config, db, log, web, worker
from portal.app_limits import limiter
from portal.services import jobs
from portal.web import language

HERE = Path(__file__).parent
MAX_BODY = 256 * 1024  # bytes; only the upload page takes more
YEAR = 365 * 24 * 3600
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(
    settings: config.Settings | None = None, instance: Path = Path("instance"), *, pages: bool = True
) -> Flask:
    """Return the WSGI application for `settings` (default: the environment's).

    `instance` is the folder for what this machine keeps to itself: secret key, set-up code. Without `pages` it answers
    nobody: a command that only needs words and database does not wait for templates. Raises Refusal when a setting
    cannot be used.
    """
    settings = config.with_secret(settings or config.read(), instance)
    config.use(settings)
    db.configure(settings)
    assets = assets_folder()
    app = Flask(
        "portal", root_path=str(HERE), instance_path=str(instance.resolve()), static_folder=str(assets / "static"),
        template_folder=str(assets / "templates"),
    )
    _configure(app, settings)
    # Every template is text that must be escaped, whatever its file is called.
    app.select_jinja_autoescape = lambda filename: True  # type: ignore[method-assign]
    log.init_app(app)
    app.after_request(_secured)
    _connections(app)
    limiter.init_app(app)
    access.init_app(app)
    language.init_app(app)
    if pages:
        web.init_app(app)
    Compress(app)
    # Nothing works and nothing is opened yet: whoever serves starts them, and the first job opens the queue.
    app.extensions["workers"] = workers = worker.Workers(settings, Path(app.instance_path))
    jobs.wakes(workers.wake)
    return app


def assets_folder() -> Path:
    """Return the folder that holds templates/ and static/: inside an installed package, or beside a checkout's."""
    packed = HERE / "_assets"
    return packed if packed.is_dir() else HERE.parent


def _configure(app: Flask, settings: config.Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=settings.earlier_keys,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=2_000,
        TRUSTED_HOSTS=settings.hosts,
        SESSION_COOKIE_NAME="__Host-coterie" if settings.https else "coterie",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=YEAR,
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"],
        RATELIMIT_HEADERS_ENABLED=False,
    )


def _connections(app: Flask) -> None:
    """Open a connection for each request and give it back to the pool at its end."""

    def connect() -> None:
        g.started = time.perf_counter()
        if request.endpoint != "static":
            db.db.connect(reuse_if_open=True)

    def close(error: BaseException | None) -> None:
        if not db.db.is_closed():
            db.db.close()

    app.before_request(connect)
    app.teardown_request(close)


def _secured(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if config.current().https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        # Pages hold personal data: after sign-out nothing of them stays in the browser.
        headers["Cache-Control"] = "private, no-store"
        headers["Vary"] = "Cookie, HX-Request-Type, HX-Target, Accept-Language"
    return response
