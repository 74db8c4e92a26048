"""The door out: the whole page, or only the block that htmx will swap. No view asks which."""

import hashlib
import secrets
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import peewee
from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from jinja2 import StrictUndefined
from jinja2_fragments import BlockNotFoundError
from jinja2_fragments.flask import render_block

from portal.access import can
from portal.permissions import ROLE_LABELS, Action
from portal.phones import format_phone
from portal.queries import jobs as find_jobs
from portal.queries import proposals as find_proposals
from portal.queries.customers import MASK
from portal.web.language import lang


def init_app(app: Flask) -> None:
    """Give the templates of `app` their globals and filters."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=asset, lang=lang, me=me, menu=menu, can=can, once=once, n_jobs=n_jobs, n_requests=n_requests,
        Action=Action, request=request, url_for=address,
    )
    app.jinja_env.filters.update(phone=phone, browser=browser)
    app.after_request(_without_address)
    with app.app_context(), app.test_request_context():
        # Macros as a global, because a block rendered alone does not run its template's imports.
        app.jinja_env.globals["ui"] = app.jinja_env.get_template("layout/ui.html").module


def render(template: str, *, status: int = 200, whole: bool = False, **context: Any) -> Response:
    """Return `template` as a page; for htmx only the block whose name is the id of the target.

    A target that is not a block of the template, and a page that only makes sense `whole`, is swapped for the body.
    Flash messages ride along.
    """
    block = _wanted_block()
    if block and not whole:
        try:
            html = render_block(template, block, **context)
            return make_response(html + _toasts(), status)
        except BlockNotFoundError:
            pass
    response = make_response(render_template(template, **context), status)
    if block:
        # Another frame than the page has (signing in): the body's own attributes have to follow.
        response.headers |= {"HX-Retarget": "body", "HX-Reswap": "outerMorph" if whole else "innerHTML"}
    return response


def _without_address(response: Response) -> Response:
    """Let the browser keep its address where a post was not answered by a redirect: what was drawn has none."""
    if request.method == "POST" and request.headers.get("HX-Request"):
        response.headers["HX-Replace-Url"] = "false"
    return response


def _wanted_block() -> str:
    if request.headers.get("HX-Request-Type") != "partial":
        return ""
    return request.headers.get("HX-Target", "").rpartition("#")[2]


def _toasts() -> str:
    html = render_block("layout/base.html", "toasts")
    return f'<hx-partial hx-target="#toasts" hx-swap="beforeend">{html}</hx-partial>' if html.strip() else ""


@cache
def _hash(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the address of a static file with its hash, so that browsers may keep it for a year.

    A running portal's files do not change, so each is looked at once; whoever works on them has FLASK_DEBUG.
    """
    if current_app.debug:
        _asset.cache_clear()
    return _asset(str(current_app.static_folder), request.script_root, name)


@cache
def _asset(folder: str, root: str, name: str) -> str:
    path = Path(folder) / name
    return url_for("static", filename=name, v=_hash(path, path.stat().st_mtime_ns))


def address(endpoint: str, **values: Any) -> str:
    """Return what `url_for` does, for templates: a page of fifty rows asks for hundreds of them, most of them again."""
    return _address(current_app._get_current_object(), request.script_root, endpoint, tuple(values.items()))  # type: ignore[attr-defined]


@lru_cache(maxsize=20_000)
def _address(app: Flask, root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))


def once() -> str:
    """Return the key of this page's forms, by which each of them is done once however often it is sent."""
    if "once" not in g:
        g.once = secrets.token_hex(16)
    return str(g.once)


@dataclass(frozen=True)
class Person:
    """The signed-in person as the page's frame shows her."""

    name: str
    roles_label: str
    theme: str = ""


def me() -> Person | None:
    """Return the signed-in person, or None on the pages that anybody may open."""
    if g.get("actor") is None:
        return None
    roles = dict.fromkeys(gettext(ROLE_LABELS[grant.role]) for grant in g.actor.grants)
    return Person(current_user.user.name, ", ".join(roles))


@dataclass(frozen=True)
class MenuItem:
    """One line of the main menu."""

    label: str
    url: str
    icon: str
    is_current: bool
    section: str | None = None


def menu() -> list[MenuItem]:
    """Return the menu of this person: only what she may open (the words follow the seed, product.md §7)."""
    crm, settings = gettext("CRM"), gettext("Settings")
    entries = [
        (Action.OWN_ACCOUNT, gettext("Start"), "start.home", "home", None),
        (Action.SEE_CUSTOMERS, gettext("Customers"), "customers.index", "users", crm),
        (Action.SEE_GROUP_NAMES, gettext("CRM Groups Maintenance"), "groups.index", "tag", crm),
        (Action.SEE_PROPOSALS, gettext("Requests"), "proposals.index", "list", crm),
        (Action.IMPORT_CUSTOMERS, gettext("Import Customers into CRM…"), "imports.new", "upload", crm),
        (Action.SEE_CHANGES, gettext("Recent changes"), "changes.index", "list", settings),
        (Action.EDIT_FIELDS, gettext("Fields"), "fields.index", "list", settings),
        (Action.EDIT_SHOP, gettext("Shops"), "shops.index", "store", settings),
        (Action.SET_GUARDS, gettext("Guard rails"), "settings.guards", "lock", settings),
    ]
    return [
        MenuItem(label, url_for(endpoint), icon, _leads_here(url_for(endpoint)), section)
        for action, label, endpoint, icon, section in entries
        if can(action) and endpoint in current_app.view_functions
    ]


def _leads_here(url: str) -> bool:
    """Tell whether the page lies under that of a line of the menu, whatever draws it."""
    base = url.removesuffix("/new")
    return request.path == base or (base != "/" and request.path.startswith(f"{base}/"))


def n_jobs() -> int:
    """Return how many jobs that this person may see are waiting or running, for the frame of the page."""
    if g.get("actor") is None:
        return 0
    try:
        return find_jobs.n_open(g.actor)
    except peewee.PeeweeException:
        return 0  # the page may be the one that says that the database is away


def n_requests() -> int:
    """Return how many requests wait for this person's decision, for the frame of the page; asked once a page."""
    if g.get("actor") is None:
        return 0
    if "n_requests" not in g:
        try:
            g.n_requests = find_proposals.n_waiting(g.actor)
        except peewee.PeeweeException:
            g.n_requests = 0  # as above
    return int(g.n_requests)


def phone(shown: str) -> str:
    """Return a stored phone number as people write it; a masked one as it is."""
    return shown if MASK in shown else format_phone(shown)


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser(agent: str) -> str:
    """Return the browser and system that a user agent's text names, as far as a person would recognise them."""
    name = next((shown for mark, shown in _BROWSERS if mark in agent), gettext("Unknown browser"))
    system = next((shown for mark, shown in _SYSTEMS if mark in agent), "")
    return f"{name} · {system}" if system else name
