"""Nobody sees or does what her roles do not allow (reliability.md, promise 9).

Every route × person × own, foreign and missing object × page and fragment, and the services behind them without any
page. What is expected is typed here by hand from the table in product.md §6; nothing is read from `permissions.py`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from portal import clock, db
from portal.app_limits import limiter
from portal.errors import Denied, Missing, Refusal
from portal.models import Change, Customer, Group, GroupItem, Import, Job, Shop, User, UserSession
from portal.permissions import OPERATOR, Grant, Role
from portal.queries import filters, history
from portal.services import (
    approvals,
    customers,
    exports,
    fields,
    groups,
    imports,
    items,
    jobs,
    proposals,
    sessions,
    settings,
    shops,
    undo,
    users,
)
from portal.services.guards import Call
from portal.services.imports import again, columns, correcting, foreseeing, remembering
from tests.conftest import PASSWORD, Database, Moment, Person, add_person, add_standing, forget, point, use
from tests.page import Browser, Page

EVERYBODY = {"olive", "cass", "pat", "sam", "sol", "ana", "tess", "nadia"}
SEE_CUSTOMERS = {"olive", "cass", "pat", "sam", "sol", "ana"}
EDIT_CUSTOMERS = {"olive", "cass", "pat", "sam", "sol"}
IMPORT = {"olive", "cass", "pat"}
EXPORT = {"olive", "cass", "pat", "ana"}
SEE_GROUPS = {"olive", "cass", "pat", "sam", "sol", "ana"}
SEE_GROUP_NAMES = SEE_GROUPS | {"tess"}
SEE_CHANGES = EVERYBODY - {"nadia"}
MANAGERS = {"cass", "pat"}
OWNER = {"olive"}
FIELDS = {"olive", "cass"}
# Who may change one member, support and shop staff only where the group is open to them.
MEMBERS = MANAGERS | {"sam", "sol"}
# Who asks for what she may not do, who decides it.
ASK = {"olive", "sam", "sol"}
DECIDE = {"olive", "cass", "pat"}
SEE_REQUESTS = ASK | DECIDE
CLOSED = {"cass": 200, "pat": 200, "sam": 403, "sol": 403}
MAINTAIN = {"olive", "tess"}
UNDO = {"olive", "cass", "pat", "sam", "sol"}
UNDO_OWN = {"sam", "sol"}  # and nobody else's
# Who may edit a customer and sees her ID already has nothing to reveal: refused, not denied.
REVEAL = {"sam": 303, "sol": 303, "olive": 422, "cass": 422, "pat": 422}
# What each sees of another shop's customer: only Sol is limited to a shop.
LIMITED = {"sol"}

CUSTOMER = "customer"  # the place <code> is a customer: own and foreign ones differ
GROUP = "group"
NOBODY = "nobody"  # the visitor who is not signed in
FEW = {"field": "gender", "op": "is", "value": "other"}


@dataclass(frozen=True)
class Route:
    """What a route is expected to do."""

    who: set[str]
    about: str = ""  # whose code stands in the address
    data: dict[str, str] = field(default_factory=dict)  # a body that would be stored
    status: int | dict[str, int] = 200
    changes: bool = True  # whether a POST that is let through writes
    block: str = "main"
    query: str = ""


TABLE: dict[tuple[str, str], Route] = {
    ("GET", "/"): Route(EVERYBODY),
    # customers
    ("GET", "/customers"): Route(SEE_CUSTOMERS, block="list"),
    ("GET", "/customers/count"): Route(SEE_CUSTOMERS, block="count"),
    ("GET", "/customer-list/filter"): Route(SEE_CUSTOMERS),
    ("GET", "/customer-list/columns"): Route(SEE_CUSTOMERS),
    ("GET", "/customers.csv"): Route(EXPORT),  # writes its change
    ("GET", "/customers/new"): Route(EDIT_CUSTOMERS),
    ("POST", "/customers/new"): Route(
        EDIT_CUSTOMERS, data={"name": "New Person", "email": "new@person.example", "shop": "S1"}, status=303
    ),
    ("GET", "/customers/<code>"): Route(SEE_CUSTOMERS, CUSTOMER),
    ("GET", "/customers/<code>/history"): Route(SEE_GROUPS, CUSTOMER, block="stays"),
    ("GET", "/customers/<code>/edit"): Route(EDIT_CUSTOMERS, CUSTOMER),
    ("POST", "/customers/<code>/edit"): Route(EDIT_CUSTOMERS, CUSTOMER, {"name": "Changed Name", "version": "1"}, 303),
    ("POST", "/customers/<code>/reveal"): Route(EDIT_CUSTOMERS, CUSTOMER, {"reason": "she asked"}, REVEAL),
    # groups
    ("GET", "/groups"): Route(SEE_GROUP_NAMES, block="list"),
    ("GET", "/groups/new"): Route(MANAGERS, block="items"),
    ("POST", "/groups/new"): Route(MANAGERS, data={"name": "Brand New", "type": "customer", "hue": "red"}, status=303),
    ("GET", "/groups/new/values"): Route(MANAGERS, block="values", query="?field=gender"),
    ("POST", "/groups/new/values"): Route(
        MANAGERS, data={"field": "gender", "values-0-value": "male", "values-0-make": "y", "values-0-name": "Men"},
        status=303, block="preview",
    ),
    ("GET", "/groups/<code>"): Route(SEE_GROUPS, GROUP, block="members"),
    ("GET", "/groups/<code>/items"): Route(SEE_GROUPS, GROUP, block="items"),
    ("GET", "/groups/<code>/used-by"): Route(SEE_GROUPS, GROUP),
    ("GET", "/groups/<code>/history"): Route(SEE_GROUPS, GROUP, block="timeline"),
    ("GET", "/groups/<code>/history.csv"): Route(EXPORT, GROUP),  # writes its change
    ("POST", "/groups/<code>/items"): Route(MANAGERS, GROUP, {"item": "exclude:shop:{s2}"}, 303),
    ("GET", "/groups/<code>/items/<int:item_id>/end"): Route(MANAGERS, GROUP),
    ("POST", "/groups/<code>/items/<int:item_id>/end"): Route(MANAGERS, GROUP, {}, 303),
    ("GET", "/groups/<code>/rule"): Route(SEE_GROUPS, GROUP),
    ("GET", "/groups/<code>/rule/new"): Route(MANAGERS, GROUP, block="builder"),
    ("POST", "/groups/<code>/rule/new"): Route(
        MANAGERS, GROUP, {"view": "text", "rule": "gender = female", "do": "save"}, 303, block="looked"
    ),
    ("GET", "/groups/<code>/rule/<int:item_id>"): Route(MANAGERS, GROUP, block="looked"),
    ("POST", "/groups/<code>/rule/<int:item_id>"): Route(
        MANAGERS, GROUP, {"view": "text", "rule": "gender = female", "do": "save"}, 303, block="builder"
    ),
    # Vips is not open to support; Others is.
    ("GET", "/groups/<code>/members/remove"): Route(MEMBERS, GROUP, status=CLOSED, query="?customer=C1"),
    ("POST", "/groups/<code>/members/remove"): Route(
        MEMBERS, GROUP, {"customer": "C1", "reason": "she asked"}, CLOSED | {"cass": 303, "pat": 303}
    ),
    ("GET", "/groups/of/<code>"): Route(MEMBERS, CUSTOMER),
    ("POST", "/groups/of/<code>"): Route(MEMBERS, CUSTOMER, {"group": "others", "reason": "she asked"}, 303),
    ("GET", "/groups/<code>/edit"): Route(MANAGERS, GROUP),
    ("POST", "/groups/<code>/edit"): Route(
        MANAGERS, GROUP, {"name": "Renamed", "type": "shop", "hue": "red", "version": "1"}, 303
    ),
    ("GET", "/groups/<code>/archive"): Route(MANAGERS, GROUP),
    ("GET", "/groups/<code>/restore"): Route(MANAGERS, GROUP),
    ("POST", "/groups/<code>/archive"): Route(MANAGERS, GROUP, {}, 303),
    ("POST", "/groups/<code>/restore"): Route(MANAGERS, GROUP, {}, 303, changes=False),
    ("GET", "/groups/<code>/delete"): Route(MANAGERS, GROUP),
    ("POST", "/groups/<code>/delete"): Route(MANAGERS, GROUP, {}, 303),
    ("GET", "/why"): Route(SEE_GROUPS, block="why"),
    # requests
    ("GET", "/proposals"): Route(SEE_REQUESTS),
    ("GET", "/proposals/new"): Route(ASK, block="items"),
    ("POST", "/proposals/new"): Route(ASK, data={"name": "Wished", "type": "customer", "reason": "r"}, status=303),
    ("GET", "/proposals/membership"): Route(ASK),
    ("POST", "/proposals/membership"): Route(
        ASK, data={"customer": "C1", "group": "others", "act": "add", "reason": "r"}, status=303
    ),
    ("GET", "/proposals/<int:proposal_id>"): Route(SEE_REQUESTS, "group request"),
    ("POST", "/proposals/<int:proposal_id>/approve-group"): Route(
        MANAGERS, "group request", {"name": "Wished", "type": "customer", "hue": "red", "version": "1"}, 303
    ),
    ("POST", "/proposals/<int:proposal_id>/approve-member"): Route(
        MANAGERS, "member request", {"group": "others", "act": "add", "version": "1"}, 303
    ),
    # What needs approval is asked for by who may do it; on this world nobody stands alone.
    ("POST", "/proposals/approval"): Route(SEE_REQUESTS, data={
        "call": "groups.set_status", "arguments": '{{"group_id": {vips}, "status": "archived"}}', "reason": "r",
    }, status={"olive": 403, "cass": 303, "pat": 303, "sam": 403, "sol": 403}),
    ("POST", "/proposals/approval/confirm"): Route(SEE_REQUESTS, data={
        "call": "groups.set_status", "arguments": '{{"group_id": {vips}, "status": "archived"}}', "typed": "Vips",
    }, status={"olive": 403, "cass": 422, "pat": 422, "sam": 403, "sol": 403}),
    # Cass asked for it.
    ("POST", "/proposals/<int:proposal_id>/approve"): Route(DECIDE, "approval request", {"seen": "{seen}"}, {
        "olive": 303, "cass": 422, "pat": 303
    }),
    # Olive asked for the membership herself.
    ("POST", "/proposals/<int:proposal_id>/decline"): Route(
        DECIDE, "member request", {"answer": "no", "version": "1"}, {"olive": 422, "cass": 303, "pat": 303}
    ),
    ("POST", "/proposals/<int:proposal_id>/withdraw"): Route(SEE_REQUESTS, "group request", {}, {
        "sol": 303, "olive": 404, "cass": 404, "pat": 404
    }),
    # imports
    ("GET", "/imports/new"): Route(IMPORT),
    ("POST", "/imports/new"): Route(IMPORT, data={"file": "code,name\nF1,From File\n"}, status=303),
    ("GET", "/imports/sample.csv"): Route(IMPORT),
    ("GET", "/imports/<int:import_id>"): Route(IMPORT, "import"),
    ("GET", "/imports/<int:import_id>/preview"): Route(IMPORT, "import"),
    ("POST", "/imports/<int:import_id>/run"): Route(IMPORT, "import", {}, 303),
    ("POST", "/imports/<int:import_id>/check"): Route(IMPORT, "killed import", {}, 303),
    ("POST", "/imports/<int:import_id>/cancel"): Route(IMPORT, "import", {}, 303),
    ("GET", "/imports/<int:import_id>/refused.csv"): Route(IMPORT, "import"),
    ("GET", "/imports/<int:import_id>/columns"): Route(IMPORT, "import"),
    ("POST", "/imports/<int:import_id>/columns"): Route(
        IMPORT, "import", {"columns-0-at": "1", "columns-0-stands": "", "columns-0-order": ""}, 303
    ),
    ("POST", "/imports/<int:import_id>/corrections"): Route(IMPORT, "import", {"out": "2"}, 303),
    # jobs
    ("GET", "/jobs"): Route(EVERYBODY, block="jobs"),
    ("GET", "/jobs/running"): Route(EVERYBODY, block="running"),
    ("POST", "/jobs/<int:job_id>/cancel"): Route(EVERYBODY, "job", {}, 303),
    # changes
    ("POST", "/changes/<int:change_id>/undo"): Route(UNDO, "change", {}, 303),
    ("GET", "/changes/<int:change_id>/undone"): Route(UNDO, "undone"),
    # shops
    ("GET", "/settings/shops"): Route(OWNER),
    ("GET", "/settings/shops/new"): Route(OWNER),
    ("POST", "/settings/shops"): Route(OWNER, data={"code": "S9", "name": "Ninth"}, status=303),
    ("GET", "/settings/shops/<code>"): Route(OWNER, "shop"),
    ("POST", "/settings/shops/<code>"): Route(
        OWNER, "shop", {"code": "S1", "name": "Other Name", "version": "1"}, 303
    ),
    ("GET", "/settings/fields"): Route(FIELDS),
    ("GET", "/settings/fields/new"): Route(FIELDS),
    ("POST", "/settings/fields"): Route(FIELDS, data={"label_en": "Colour", "type": "text", "side": "1"}, status=303),
    ("GET", "/settings/fields/<code>"): Route(FIELDS, "field"),
    ("POST", "/settings/fields/<code>"): Route(
        FIELDS, "field", {"label_en": "Other", "side": "1", "version": "1"}, 303
    ),
    ("POST", "/settings/fields/<code>/retire"): Route(FIELDS, "field", status=303),
    ("POST", "/settings/fields/<code>/restore"): Route(FIELDS, "retired field", status=303),
    ("POST", "/settings/fields/<code>/move"): Route(FIELDS, "field", {"to": "down"}, 303),
    ("POST", "/settings/fields/<code>/move-section"): Route(FIELDS, "trade field", {"to": "down"}, 303),
    ("GET", "/settings/guards"): Route(OWNER),
    ("POST", "/settings/guards"): Route(OWNER, data={"share": "5", "version": "0"}, status=303),
    # changes: support and shop staff see their own, a technical admin sign-ins, others all
    ("GET", "/changes"): Route(SEE_CHANGES, block="list"),
    ("GET", "/changes/<int:change_id>"): Route(SEE_CHANGES, "sign-in", block="rows"),
    # one's own account
    ("GET", "/account"): Route(EVERYBODY),
    ("POST", "/account/language"): Route(EVERYBODY, data={"language": "pt"}, status=303),
    ("POST", "/account/password"): Route(
        EVERYBODY, data={"current": PASSWORD, "password": "marble kettle giraffe 7"}, status=303
    ),
    ("POST", "/account/sessions/<int:session_id>/end"): Route(EVERYBODY, "session", {}, 303),
    ("POST", "/sign-out"): Route(EVERYBODY, status=303),
}
# Read by GET, and each leaves a change that says who took what.
EXPORTS = {"/customers.csv", "/groups/<code>/history.csv"}
# Anybody may open these; tests/web/test_signing_in.py and test_setting_up.py tell what they do.
OPEN = {
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/static/<path:filename>"),
}


class World:
    """The store of this file: made once, brought back after each test that was let through."""

    def __init__(self, application: Any, server: Any, password_hash: str, folder: Path) -> None:
        self.app = application
        self.url = server.new()
        use(self.url)
        self.database = Database(self.url, server)
        s1 = shops.create(OPERATOR, code="S1", name="Kigali North")
        s2 = shops.create(OPERATOR, code="S2", name="Huye")
        self.people: dict[str, Person] = add_standing(password_hash, s1)
        self.second_owner = add_person(password_hash, "odile", (Role.OWNER, None)).user
        self.closed = add_person(password_hash, "clara", (Role.SUPPORT, None), is_active=False).user
        self.closed_owner = add_person(password_hash, "otto", (Role.OWNER, None), is_active=False).user
        cass = self.people["cass"].actor
        one, two = (
            customers.create(
                cass, {"code": code, "name": name, "shop": shop.code, "id_number": "1199080012345678", "email": email}
            ).customer
            for code, name, shop, email in (
                ("C1", "Own Customer", s1, "c1@a.example"),
                ("C2", "Foreign Person", s2, "c2@a.example"),
            )
        )
        first = [items.NewItem(customer_id=one.id), items.NewItem(customer_id=two.id), items.NewItem(rule=FEW)]
        self.group = groups.create(cass, groups.Details(name="Vips"), first).group
        others = groups.create(cass, groups.Details(name="Others")).group
        Group.update(is_open=True).where(Group.id == others.id).execute()
        sol, olive = self.people["sol"].actor, self.people["olive"].actor
        self.asked_group = proposals.ask_group(sol, groups.Details(name="Wanted"), [], "we meet there")
        self.asked_member = proposals.ask_member(olive, others.id, two.id, "add", "she called")
        self.asked_approval = approvals.ask(
            cass, Call("groups.set_status", {"group_id": self.group.id, "status": "archived"}), "over"
        )
        self.s1, self.s2, self.own, self.foreign = s1, s2, one, two
        self.field, self.retired_field, *_below = (
            fields.create(cass, fields.Details({"en": label}, section=section))
            for label, section in (("Second", ""), ("Old", ""), ("Third", ""), ("Trade", "Trade"), ("More", "More"))
        )
        fields.retire(cass, self.retired_field.id)
        file = folder / "people.csv"
        file.write_text("code,name\nF1,From File\n,Nobody\n")
        self.imported, self.killed = (imports.check(cass, file, "people.csv") for _ in range(2))
        Import.update(state="reading").where(Import.id == self.killed.id).execute()
        Import.update(foreseen={}).where(Import.id == self.imported.id).execute()
        self.jobs = {name: Job.create(kind="import.run", user=person.user) for name, person in self.people.items()}
        self.item = GroupItem.get(GroupItem.group == self.group, GroupItem.customer == one)
        self.rule = GroupItem.get(GroupItem.group == self.group, GroupItem.kind == "rule")
        # Each has changed something of hers, and changed and undone another thing.
        self.changes, self.undone = {}, {}
        for name, column in zip(sorted(UNDO), ("address", "language", "gender", "phone", "id_type"), strict=True):
            actor = self.people[name].actor
            customers.edit(actor, one.id, {"birth_date": "1991-06-14"})
            self.undone[name] = undo.undo(actor, _newest()).change_id
            customers.edit(actor, one.id, {column: "0788412903"})
            self.changes[name] = _newest()
        Customer.update(version=1).where(Customer.id == one.id).execute()
        limiter.reset()
        self.browsers = {name: self._signed_in(person) for name, person in self.people.items()}
        self.browsers[NOBODY] = Browser(application)
        # Each has a second session to end, and a token of her own for posting.
        self.sessions = {}
        for name, person in self.people.items():
            self.browsers[name].get("/account")
            self.sessions[name] = sessions.sign_in(person.user.email, PASSWORD).id
        signed_in = Change.select(Change.actor, Change.id).where(Change.act == "user.sign_in")
        by_person = dict(signed_in.tuples())
        self.sign_ins = {name: by_person.get(person.user.id, 1) for name, person in self.people.items()}
        self.tokens = {name: browser.token() for name, browser in self.browsers.items()}
        # Seen just now for as long as this file runs, or a slow machine would note her first request of a new minute.
        UserSession.update(seen_at=clock.ago(days=-1)).execute()
        self.before = self.database.checksum()
        self.moment: Moment = self.database.moment()

    def _signed_in(self, person: Person) -> Browser:
        return Browser(self.app).sign_in(person.user.email, PASSWORD)

    def restore(self) -> None:
        """Bring everything back, cookies too."""
        self.moment.restore()

    def changed(self) -> bool:
        """Tell whether anything at all is stored differently from the start."""
        return self.database.checksum() != self.before

    def ask(self, name: str, method: str, path: str, data: dict[str, str], block: str = "") -> Page:
        """Send a request as that person; `block` makes it htmx's."""
        client = self.app.test_client()
        for cookie in self.browsers[name].client._cookies.values():
            client._cookies[cookie._storage_key] = cookie
        headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"section#{block}"} if block else {}
        form: dict[str, Any] = {**data, "csrf_token": self.tokens[name]}
        if "file" in form:
            form["file"] = (BytesIO(form["file"].encode()), "people.csv")
        body = {"data": form} if method == "POST" else {}
        response = client.open(path, method=method, headers=headers, **body)
        response.get_data()  # a file is written while it is sent
        return Page(self.app, response, f"{method} {path} as {name}", bool(block))


@pytest.fixture(scope="module")
def _world(
    application: Any, server: Any, password_hash: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    made = World(application, server, password_hash, tmp_path_factory.mktemp("files"))
    yield made
    forget()
    server.drop(made.url)


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    """The store, as it was made."""
    point(_world.url)
    limiter.reset()
    yield _world
    if _world.changed():
        _world.restore()
    if not db.db.is_closed():
        db.db.close()


def _routes() -> list[tuple[str, str, str]]:
    return [(method, rule, name) for (method, rule) in TABLE for name in [*sorted(EVERYBODY), NOBODY]]


def _targets(world: World, route: Route, rule: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield own, foreign and missing with the address for each; a route without an object is one's own."""
    session = str(world.sessions.get(name, 1))
    other = "olive" if name != "olive" else "cass"
    others, job = str(world.sessions[other]), world.jobs.get(name, world.jobs[other])
    kinds = {
        "": {"own": {}},
        CUSTOMER: {"own": {"code": "C1"}, "foreign": {"code": "C2"}, "missing": {"code": "C8"}},
        GROUP: {"own": {"code": "vips"}, "missing": {"code": "none-such"}},
        "shop": {"own": {"code": "S1"}, "missing": {"code": "S8"}},
        "field": {"own": {"code": "second"}, "missing": {"code": "none-such"}},
        "retired field": {"own": {"code": "old"}, "missing": {"code": "none-such"}},
        "trade field": {"own": {"code": "trade"}, "missing": {"code": "none-such"}},
        "change": _of_each(world.changes, "change_id", name),
        "undone": _of_each(world.undone, "change_id", name),
        # Sol asked for the group; Sam sees neither request, being no one who decides.
        "group request": {"own": {"proposal_id": str(world.asked_group.id)}, "missing": {"proposal_id": "999999"}},
        "member request": {"own": {"proposal_id": str(world.asked_member.id)}, "missing": {"proposal_id": "999999"}},
        "approval request": {
            "own": {"proposal_id": str(world.asked_approval.id)}, "missing": {"proposal_id": "999999"},
        },
        "import": {"own": {"import_id": str(world.imported.id)}, "missing": {"import_id": "999999"}},
        "killed import": {"own": {"import_id": str(world.killed.id)}, "missing": {"import_id": "999999"}},
        "job": {
            "own": {"job_id": str(job.id)},
            "missing": {"job_id": "999999"},
            "others": {"job_id": str(world.jobs[other].id)},
        },
        "sign-in": {"own": {"change_id": str(world.sign_ins.get(name, 1))}, "missing": {"change_id": "999999"}},
        "session": {
            "own": {"session_id": session},
            "missing": {"session_id": "999999"},
            "others": {"session_id": others},
        },
    }[route.about]
    for kind, values in kinds.items():
        if "item_id" in rule:
            item = world.rule if "/rule/" in rule else world.item
            values = values | {"item_id": str(item.id)}
        path = rule.replace("<int:", "<")
        for place, value in values.items():
            path = path.replace(f"<{place}>", value)
        yield kind, path + route.query


def _of_each(numbers: dict[str, int], place: str, name: str) -> dict[str, dict[str, str]]:
    """Own, missing and somebody else's, which only who may undo anybody's finds."""
    other = str(numbers["cass" if name != "cass" else "pat"])
    own = str(numbers.get(name, other))
    return {"own": {place: own}, "missing": {place: "999999"}, "others" if name in UNDO_OWN else "any": {place: other}}


def _newest() -> int:
    return int(Change.select().order_by(Change.id.desc()).get().id)


def _expected(route: Route, kind: str, name: str) -> int:
    if name == NOBODY:
        return 401
    if name not in route.who:
        return 403
    if kind == "others" and route.about == "job" and name in MAINTAIN:
        return 303
    is_hidden = route.about.endswith("request") and name == "sam"
    if kind in {"missing", "others"} or is_hidden or (kind == "foreign" and name in LIMITED):
        return 404
    return route.status if isinstance(route.status, int) else route.status[name]


def test_every_route_stands_in_the_table(application: Any) -> None:
    there = {
        (method, rule.rule)
        for rule in application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert there == set(TABLE) | OPEN


@pytest.mark.parametrize(("method", "rule", "name"), _routes())
def test_a_route_answers_each_person_as_the_table_says(world: World, method: str, rule: str, name: str) -> None:
    route = TABLE[method, rule]
    places = {"s2": world.s2.id, "vips": world.group.id, "seen": world.asked_approval.fingerprint}
    data = {key: value.format(**places) for key, value in route.data.items()}
    for block in ("", route.block):
        answers = {}
        for kind, path in _targets(world, route, rule, name):
            page = world.ask(name, method, path, data, block)
            expected = _expected(route, kind, name)
            assert page.status == expected, f"{kind}: {page.asked} → {page.status}, not {expected}"
            writes = (expected == 303 and route.changes) or (expected == 200 and rule in EXPORTS)
            assert world.changed() == writes, f"{kind}: {page.asked}"
            if writes:
                world.restore()
            _look(page, expected, block)
            answers[kind] = page
        if "foreign" in answers and answers["foreign"].status == 404:
            missing, foreign = answers["missing"].unkeyed, answers["foreign"].unkeyed
            assert foreign.replace("C2", "C8") == missing
            assert "Foreign" not in foreign


def _look(page: Page, expected: int, block: str) -> None:
    """A page that asks to sign in, or says why not; in a fragment never a page inside a table."""
    if expected == 401 and block:
        # What pages ask by themselves takes nobody away from what she is typing.
        leads = None if "/jobs/running" in page.asked else "/sign-in"
        assert (page.html, page.headers.get("HX-Redirect")) == ("", leads)
    elif expected == 401:
        assert (page.h1, page.headers.get("HX-Redirect")) == ("Sign in", None)
    elif expected in {403, 404} and block:
        assert (page.headers.get("HX-Retarget"), page.headers["HX-Reswap"]) == (None, "none")
        assert [part.get("hx-target") for part in page.all("hx-partial")] == ["#toasts"]
        assert len(page.toasts) == 1
    elif expected == 403:
        assert page.h1 == "This is not yours to do"


# ---- the services, without any page ----

def others(world: World) -> int:
    """Return the id of the group that is open to support."""
    return int(Group.get(Group.code == "others").id)


def _archive(world: World) -> Call:
    return Call("groups.set_status", {"group_id": world.group.id, "status": "archived"})


SERVICES: dict[str, tuple[set[str], Callable[[World, Any], Any]]] = {
    "groups.create": (MANAGERS, lambda w, a: groups.create(a, groups.Details(name="Fresh"))),
    "groups.edit": (MANAGERS, lambda w, a: groups.edit(a, w.group.id, groups.Details(name="Renamed"))),
    "groups.set_status": (MANAGERS, lambda w, a: groups.set_status(a, w.group.id, "archived")),
    "groups.delete": (MANAGERS, lambda w, a: groups.delete(a, w.group.id)),
    "items.add": (MANAGERS, lambda w, a: items.add(a, w.group.id, [items.NewItem(shop_id=w.s1.id)])),
    "items.add a new customer": (
        MANAGERS, lambda w, a: items.add(a, w.group.id, [items.NewItem(new_customer={"code": "X1", "name": "New"})])
    ),
    "items.end": (MANAGERS, lambda w, a: items.end(a, w.group.id, w.item.id)),
    "items.add_member": (MANAGERS, lambda w, a: items.add_member(a, others(w), w.own.id)),
    "items.add_member saying why": (MEMBERS, lambda w, a: items.add_member(a, others(w), w.own.id, "she asked")),
    "items.add_member of another shop": (
        MEMBERS - LIMITED, lambda w, a: items.add_member(a, others(w), w.foreign.id, "she asked")
    ),
    "items.remove_member of an open group": (
        MEMBERS, lambda w, a: items.remove_member(a, others(w), w.own.id, "she asked")
    ),
    "items.remove_member": (MANAGERS, lambda w, a: items.remove_member(a, w.group.id, w.own.id)),
    "customers.create": (EDIT_CUSTOMERS, lambda w, a: customers.create(a, {"email": "n@n.example", "shop": "S1"})),
    "customers.edit": (EDIT_CUSTOMERS, lambda w, a: customers.edit(a, w.own.id, {"name": "Changed"})),
    "customers.edit of another shop": (
        EDIT_CUSTOMERS - LIMITED, lambda w, a: customers.edit(a, w.foreign.id, {"name": "Changed"})
    ),
    "customers.edit into another shop": (
        EDIT_CUSTOMERS - LIMITED, lambda w, a: customers.edit(a, w.own.id, {"shop": "S2"})
    ),
    "customers.reveal": ({"sam", "sol"}, lambda w, a: customers.reveal(a, w.own.id, "she asked")),
    "undo.undo of her own act": (
        UNDO, lambda w, a: undo.undo(a, w.changes.get(a.name.lower(), w.changes["cass"]))
    ),
    "undo.undo of another's act": (UNDO - UNDO_OWN, lambda w, a: undo.undo(a, w.changes["pat"])),
    "fields.create": (FIELDS, lambda w, a: fields.create(a, fields.Details({"en": "Colour"}))),
    "fields.edit": (FIELDS, lambda w, a: fields.edit(a, w.field.id, fields.Details({"en": "Other"}))),
    "fields.retire": (FIELDS, lambda w, a: fields.retire(a, w.field.id)),
    "fields.restore": (FIELDS, lambda w, a: fields.restore(a, w.retired_field.id)),
    "fields.move": (FIELDS, lambda w, a: fields.move(a, w.field.id, is_up=False)),
    "fields.move_section": (FIELDS, lambda w, a: fields.move_section(a, 1, "Trade", is_up=False)),
    "shops.create": (OWNER, lambda w, a: shops.create(a, code="S9", name="Ninth")),
    "shops.edit": (OWNER, lambda w, a: shops.edit(a, w.s1.id, code="S1", name="Other")),
    "proposals.ask_group": (ASK, lambda w, a: proposals.ask_group(a, groups.Details(name="Wished"), [], "r")),
    "proposals.ask_member": (ASK, lambda w, a: proposals.ask_member(a, others(w), w.own.id, "add", "r")),
    "proposals.ask_member of another shop": (
        ASK - LIMITED, lambda w, a: proposals.ask_member(a, w.group.id, w.foreign.id, "remove", "r")
    ),
    "proposals.approve_group": (
        MANAGERS, lambda w, a: proposals.approve_group(a, w.asked_group.id, groups.Details(name="Wished"), [])
    ),
    "proposals.approve_member": (
        MANAGERS, lambda w, a: proposals.approve_member(a, w.asked_member.id, others(w), "add")
    ),
    "proposals.decline": (DECIDE, lambda w, a: proposals.decline(a, w.asked_group.id, "no")),
    "proposals.withdraw": ({"sol"}, lambda w, a: proposals.withdraw(a, w.asked_group.id)),
    "approvals.ask": (MANAGERS, lambda w, a: approvals.ask(a, _archive(w), "r")),
    "approvals.approve": (
        {"olive", "pat"}, lambda w, a: approvals.approve(a, w.asked_approval.id, w.asked_approval.fingerprint)
    ),
    "settings.set_guards": (OWNER, lambda w, a: settings.set_guards(a, "5", is_marked=True)),
    "users.add with a role": (OWNER, lambda w, a: users.add(
        a, email="n@n.example", name="N", grants=[Grant(Role.ANALYST)], password="marble kettle giraffe 7"
    )),
    "users.add without a role": (OWNER | {"tess"}, lambda w, a: users.add(
        a, email="n@n.example", name="N", grants=[], password="marble kettle giraffe 7"
    )),
    "users.grant": (OWNER, lambda w, a: users.grant(a, w.people["nadia"].user.id, Grant(Role.OWNER))),
    "users.revoke": (OWNER, lambda w, a: users.revoke(a, w.people["ana"].user.id, Grant(Role.ANALYST))),
    "users.deactivate": (OWNER | {"tess"}, lambda w, a: users.deactivate(a, w.people["nadia"].user.id)),
    "users.set_password": (OWNER | {"tess"}, lambda w, a: users.set_password(
        a, User.get(User.name == "Pat").id, "marble kettle giraffe 7"
    )),
    "users.activate": (OWNER | {"tess"}, lambda w, a: users.activate(a, w.closed.id)),
    "users.activate an owner": (OWNER, lambda w, a: users.activate(a, w.closed_owner.id)),
    "users.deactivate an owner": (OWNER, lambda w, a: users.deactivate(a, w.second_owner.id)),
    "users.set_password of an owner": (OWNER, lambda w, a: users.set_password(
        a, w.second_owner.id, "marble kettle giraffe 7"
    )),
    "jobs.enqueue": (IMPORT, lambda w, a: jobs.enqueue(a, "import.run", {"import": w.imported.id})),
    "jobs.cancel": (EVERYBODY, lambda w, a: jobs.cancel(a, w.jobs.get(a.name.lower(), w.jobs["olive"]).id)),
    "jobs.cancel of somebody else": (MAINTAIN, lambda w, a: jobs.cancel(a, w.jobs["pat"].id)),
    "imports.run": (IMPORT, lambda w, a: imports.run(a, w.imported.id)),
    "imports.go_on": (IMPORT, lambda w, a: imports.go_on(a, w.imported.id)),
    "imports.foreseeing.ensure": (IMPORT, lambda w, a: foreseeing.ensure(a, Import.get_by_id(w.imported.id))),
    "imports.foreseeing.go_on": (IMPORT, lambda w, a: foreseeing.go_on(a, w.imported.id)),
    "imports.check_again": (IMPORT, lambda w, a: imports.check_again(a, w.killed.id)),
    "imports.again.with_columns": (IMPORT, lambda w, a: again.with_columns(a, w.imported.id, {"name": ""})),
    "imports.remembering.keep": (
        IMPORT,
        lambda w, a: remembering.keep(
            a, w.imported, {"name": ""}, columns.known_to(w.people["cass"].actor), {}, about=w.imported.id
        ),
    ),
    "imports.correcting.correct": (
        IMPORT, lambda w, a: correcting.correct(a, w.imported.id, correcting.Corrections(out=[2]))
    ),
    "imports.again.make_fields": (
        FIELDS, lambda w, a: again.make_fields(a, w.imported.id, {1: fields.Details({"en": "Hat"})}, {})
    ),
    "imports.cancel": (IMPORT, lambda w, a: imports.cancel(a, w.imported.id)),
    "exports.customers": (EXPORT, lambda w, a: list(exports.customers(a, filters.Filter(), "all"))),
    "exports.crowd": (EXPORT, lambda w, a: list(exports.crowd(
        a, history.members_at(w.people["cass"].actor, w.group, clock.today("UTC")), "all"
    ))),
}  # fmt: skip
# Refused in words for a reason of its own, with nothing written either.
NOT_DENIED: dict[str, dict[str, Any]] = {
    "jobs.cancel of somebody else": {
        **dict.fromkeys(("cass", "sam", "sol", "ana", "nadia"), Missing), "pat": None,  # her own
    },
    "customers.edit of another shop": {"sol": Missing},
    "customers.edit into another shop": {"sol": Refusal},
    "items.add_member": {"sam": Refusal, "sol": Refusal},
    "items.add_member of another shop": {"sol": Missing},
    "undo.undo of another's act": {"sam": Missing, "sol": Missing},
    "proposals.ask_member of another shop": {"sol": Missing},
    "approvals.approve": {"cass": Refusal},
    "proposals.withdraw": {name: Missing for name in ("olive", "cass", "pat", "sam")},
    "customers.reveal": {"olive": Refusal, "cass": Refusal, "pat": Refusal},
    "users.set_password": {"pat": None},  # her own
}


@pytest.mark.parametrize("name", sorted(EVERYBODY))
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_asks_by_itself(world: World, service: str, name: str) -> None:
    who, call = SERVICES[service]
    expected = NOT_DENIED.get(service, {}).get(name, Denied)
    actor = world.people[name].actor
    if name in who or expected is None:
        call(world, actor)
        assert world.changed()
        return
    with pytest.raises(expected):
        call(world, actor)
    assert not world.changed()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_refuses_an_actor_without_a_person(world: World, service: str) -> None:
    """The machine's operator may keep shops and people, nothing of customers and groups."""
    _who, call = SERVICES[service]
    if service.startswith(("shops.", "users.")):
        call(world, OPERATOR)
        assert world.changed()
    else:
        with pytest.raises(Denied):
            call(world, OPERATOR)
        assert not world.changed()


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_a_list_holds_exactly_whom_the_person_may_see(world: World, name: str) -> None:
    found = {row.code for row in filters.page(world.people[name].actor, filters.Filter()).rows}
    assert found == ({"C1"} if name in LIMITED else {"C1", "C2"} if name in SEE_CUSTOMERS else set())
    assert {row.code for row in Customer.select()} == {"C1", "C2"} and Shop.select().count() == 2


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_the_list_of_changes_holds_exactly_what_the_person_may_see(world: World, name: str) -> None:
    every = {row.id: row for row in Change.select()}
    own = {row.id for row in every.values() if row.actor_id == world.people[name].user.id}
    sign_ins = {row.id for row in every.values() if row.act in {"user.sign_in", "user.sign_out"}}
    seen = {"sam": own, "sol": own, "tess": sign_ins, "nadia": set()}.get(name, set(every))
    found = world.ask(name, "GET", "/changes", {})
    listed = {int(link.rpartition("/")[2]) for link in found.links if re.fullmatch(r"/changes/\d+", link)}
    assert listed == seen and len(every) < 50
    answers = {row: world.ask(name, "GET", f"/changes/{row}", {}).status for row in every}
    refused = 403 if name == "nadia" else 404
    assert answers == {row: 200 if row in seen else refused for row in every}


def test_shop_staff_see_their_own_members_only_and_their_number(world: World) -> None:
    page = world.ask("sol", "GET", "/groups/vips", {})
    assert [row[:2] for row in page.rows()] == [["Own Customer", "C1"]]
    assert "Foreign" not in page.html and "C2" not in page.unkeyed  # a token holds any two signs now and then
    listed = world.ask("sol", "GET", "/groups", {})
    assert [(row[0], row[2]) for row in listed.rows()] == [("Others", "0"), ("Vips", "1")]
    items_page = world.ask("sol", "GET", "/groups/vips/items", {})
    assert [row[0] for row in items_page.rows()] == ["Gender is “other”.", "Own Customer"]


def test_a_technical_admin_reads_names_of_groups_and_nothing_else(world: World) -> None:
    page = world.ask("tess", "GET", "/groups", {})
    assert [row[0] for row in page.rows()] == ["Others", "Vips"]
    assert [link for link in page.links if link.startswith("/groups/")] == []
    assert "Members" not in page.main


def test_why_is_answered_of_ones_own_people_alone(world: World) -> None:
    """Of another shop's customer and of one that is not there the answers are the same."""
    for name in sorted(SEE_GROUPS):
        answers = [world.ask(name, "GET", f"/why?customer={code}&group=vips", {}) for code in ("C1", "C2", "C8")]
        assert [page.status for page in answers] == [200, 404 if name in LIMITED else 200, 404], name
        if name in LIMITED:
            assert answers[1].unkeyed.replace("C2", "C8") == answers[2].unkeyed
            assert "Foreign" not in answers[1].html


# ---- what a person is shown, she may use ----


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_no_link_or_button_leads_where_the_person_may_not_go(world: World, name: str) -> None:
    """Follow every link from the start page; each form's address must be one that lets the person in."""
    todo, seen, forms = ["/"], set(), set()
    while todo:
        path = todo.pop()
        if path in seen or path.startswith("/static/"):
            continue
        seen.add(path)
        page = world.ask(name, "GET", path, {})
        assert page.status in {200, 302}, f"{path} → {page.status}"
        if page.tree is None:
            continue
        todo += [link for link in page.links if link.startswith("/")]
        forms |= {(form.method, form.action) for form in page.forms}
        todo += [form.action for form in page.forms if form.method == "get"]
    for method, action in sorted(forms):
        if method == "post":
            # An empty form may be refused in words; never as something that is not hers to do.
            assert world.ask(name, "POST", action, {}).status in {200, 303, 404, 409, 422}, action
            world.restore()
    assert len(seen) >= {"nadia": 2, "tess": 4}.get(name, 9), seen
