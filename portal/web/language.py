"""In whose language a page speaks: the person's, then the browser's, then the store's."""

from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_domain, get_locale
from flask_login import current_user

from portal import config
from portal.errors import N_
from portal.words import say

LANGUAGE_NAMES = {"en": "English", "pt": "Português", "es": "Español"}
_babel = Babel()
__all__ = ["LANGUAGE_NAMES", "N_", "init_app", "lang", "say"]


def init_app(app: Flask) -> None:
    """Choose language and time zone for each request of `app`."""
    app.config["BABEL_DEFAULT_LOCALE"] = config.current().locale
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    _babel.init_app(app, locale_selector=_locale, timezone_selector=lambda: config.current().timezone)
    # flask-babel asks for the language anew at every word, which was half the time of a long page; it stays the same.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _translations().ugettext(text),
        lambda one, many, n: _translations().ungettext(one, many, n),
        newstyle=True,
    )


def _translations() -> Any:
    if "translations" not in g:
        g.translations = get_domain().get_translations()
    return g.translations


def _locale() -> str:
    if not has_request_context():
        return config.current().locale
    # A request that ends the session still speaks to somebody, though nobody is signed in any more; and a page that
    # says that the database is away asks for nobody.
    if g.get("actor") is not None and current_user.is_authenticated and current_user.user.language in config.LOCALES:
        return str(current_user.user.language)
    return request.accept_languages.best_match(config.LOCALES) or config.current().locale


def lang() -> str:
    """Return the two-letter language of this page."""
    return str(get_locale() or "en")[:2]
