"""Every page of the portal in every state that looks different, as somebody reaches it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.store import CHECKED, DATED, DONE, LONG, RULE, STOPPED

Act = Callable[[Page], Any]


@dataclass(frozen=True)
class View:
    """One page: where it is, who looks at it, what she does there first, and the state of the database."""

    rule: str  # of the route, as Flask writes it
    path: str
    who: str = "cass"
    act: Act | None = None
    state: str = "full"
    status: int = 200

    @property
    def name(self) -> str:
        """Return a name for the test."""
        done = f" {self.act.__name__}" if self.act else ""
        return f"{self.who or 'visitor'} {self.path}{done}{'' if self.state == 'full' else ' ' + self.state}"

    def show(self, page: Page) -> None:
        """Bring `page` there."""
        answer = page.goto(self.path)
        assert answer is not None and answer.status == self.status, (self.name, answer and answer.status)
        if self.act:
            self.act(page)


def save(page: Page) -> None:
    page.locator("main form[data-save] button.primary, body.plain form button.primary").first.click()


def unchecked(page: Page) -> None:
    # What the browser itself would hold back; the portal has to answer it all the same.
    for form in page.locator("form").all():
        form.evaluate("form => { form.noValidate = true; }")
    save(page)


def errors(page: Page) -> None:
    page.get_by_label("E-mail").fill("nobody")
    page.get_by_label("Phone").fill("12")
    page.get_by_label("Address").fill("x" * 600)
    unchecked(page)
    page.locator(".error-summary").wait_for()


def nothing(page: Page) -> None:
    unchecked(page)
    page.locator(".error-summary").wait_for()


def conflict(page: Page) -> None:
    page.locator("input[name=version]").evaluate("field => { field.value = '7'; }")
    page.locator("#name").fill("Somebody Else")
    save(page)
    page.get_by_text("What is stored now", exact=True).wait_for()


def other_version(page: Page) -> None:
    page.locator("input[name=version]").evaluate("field => { field.value = '7'; }")
    page.get_by_label("Label in English").fill("Somebody else's")
    save(page)
    page.get_by_text("What is stored now", exact=True).wait_for()


def finding(page: Page) -> None:
    page.get_by_role("radio", name="Exclude").check()
    page.get_by_label("Find customers, shops and groups").fill("uw")
    page.get_by_text("Found: tick one or more").wait_for()
    page.get_by_role("checkbox", name="Beatriz Uwase").check()
    page.locator("#preview section").wait_for()
    page.get_by_role("button", name="Add a new customer").click()
    page.get_by_role("group", name="New customer").wait_for()
    page.get_by_label("Find customers, shops and groups").fill("zzz")
    page.get_by_text("Nobody fits").wait_for()


def toasts(page: Page) -> None:
    page.get_by_label("Name of the customer group").fill("Kigali Again")
    page.get_by_role("radio", name="Shop", exact=True).check()
    page.get_by_label("Find customers, shops and groups").fill("kigali")
    page.locator("label.check", has_text="Kigali North").get_by_role("checkbox").first.check()
    page.locator("#preview section").wait_for()
    save(page)
    page.locator(".toast").first.wait_for()


def ticked(page: Page) -> None:
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Preview").click()
    page.locator("#preview table").wait_for()


def unnamed(page: Page) -> None:
    page.get_by_role("button", name="Tick all").click()
    page.locator("input[type=checkbox]:checked").nth(1).wait_for()
    page.get_by_label("Name of the group of").nth(1).fill("")
    page.get_by_role("button", name="Preview").click()
    page.locator("#preview").get_by_text("A name is required.").wait_for()
    save(page)
    page.locator(".error-summary").wait_for()


def building(page: Page) -> None:
    page.get_by_role("button", name="Add a group of conditions").first.click()
    page.locator("#rule-4-field").select_option(label="Date of birth")
    page.locator("#rule-4-part").wait_for()
    page.locator("#rule-4-op").select_option("between")
    page.locator("#rule-4-way2").select_option("-years")
    page.locator("#rule-4-value2").wait_for()
    unchecked(page)
    page.locator(".error-summary").wait_for()


def typing(page: Page) -> None:
    page.get_by_role("button", name="Text", exact=True).click()
    page.locator("#rule").fill("gender = female\nand nme = x")
    page.locator("#looked mark").wait_for()
    unchecked(page)
    page.locator(".error-summary").wait_for()


def unfolded(page: Page) -> None:
    for fold in page.locator("main details").all():
        fold.locator("summary").click()


def corrected(page: Page) -> None:
    page.get_by_label("date of birth of row 2").fill("soon")
    page.get_by_label("Leave this row out").nth(1).check()
    page.get_by_role("button", name="Correct these rows").click()
    page.get_by_text("The file says “03/04/1991”.").wait_for()


def members_then(page: Page) -> None:
    page.locator("#timeline tbody a").first.click()
    page.locator("#found table").wait_for()


def why(page: Page) -> None:
    page.get_by_role("link", name="Why").first.click()
    page.locator("#why h2").wait_for()


def undone(page: Page) -> None:
    page.locator("tr", has_text="undid change").get_by_role("link", name="Details").first.click()
    page.get_by_role("link", name="What was undone").click()
    page.get_by_role("heading", name="What was undone").wait_for()


def changed_world(page: Page) -> None:
    window = page.context.new_page()
    window.goto("/customers/new")
    window.get_by_label("Name", exact=True).fill("Was Quicker")
    window.get_by_label("Code").fill("N-1")
    save(window)
    window.get_by_role("heading", name="Was Quicker").wait_for()
    window.close()
    page.get_by_role("button", name="Import 3 rows").click()
    page.get_by_text("Please look again").wait_for()


HISTORY = "/groups/<code>/history"
EDIT, ITEMS = "/customers/<code>/edit", "/groups/<code>/items"
CHECK = "/imports/<int:import_id>"
VIEWS = [
    View("/setup", "/setup", "", state="empty"),
    View("/setup", "/setup", "", nothing, state="empty"),
    View("/sign-in", "/sign-in", ""),
    View("/sign-in", "/sign-in", "", nothing),
    View("/customers", "/customers?q=uw", "", status=401),
    View("", "/no/such/page", "", status=404),
    View("", "/no/such/page", status=404),
    View("/customers/<code>", "/customers/nobody", status=404),
    View("/sign-out", "/sign-out", status=405),
    View("/customers", "/customers?q=%00", status=400),
    View("/customers", "/customers?sort=shoes", status=422),
    View("/customers", "/customers?birth_date.min=soon&gender=female", status=422),
    View("/settings/shops", "/settings/shops", status=403),
    View("/", "/"),
    View("/", "/", state="bare"),
    View("/", "/", "tess"),
    View("/customers", "/customers"),
    View("/customers", "/customers?columns=code,super-bonus,gender&gender=female"),
    View("/customers", "/customers?columns=tier,created&sort=-tier"),
    View("/customer-list/filter", "/customer-list/filter?gender=female"),
    View("/customer-list/columns", "/customer-list/columns"),
    View("/customers", "/customers", state="bare"),
    View("/customers", "/customers", "ana", state="bare"),
    View("/customers", "/customers?all=super-bonus&none=employees&shop=S2&sort=-code&q=e"),
    View("/customers", "/customers?q=zzz"),
    View("/customers/count", "/customers/count"),
    View("/customers/new", "/customers/new"),
    View("/customers/new", "/customers/new", "cass", errors),
    View("/customers/<code>", "/customers/A-1"),
    View("/customers/<code>", "/customers/A-5"),
    View("/customers/<code>", "/customers/A-1", "sam", unfolded),
    View("/customers/<code>", "/customers/A-1", "cass", why),
    View("/customers/<code>/history", "/customers/A-5/history"),
    View("/customers/<code>/history", "/customers/A-4/history", "sam"),
    View(EDIT, "/customers/A-1/edit"),
    View(EDIT, "/customers/A-5/edit", "cass", conflict),
    View("/groups", "/groups"),
    View("/groups", "/groups", "tess"),
    View("/groups", "/groups", state="bare"),
    View("/groups", "/groups", "ana", state="bare"),
    View("/groups", "/groups?q=zzz&status=archived"),
    View("/groups/new", "/groups/new", "cass", finding),
    View("/groups/new", "/groups/new", "cass", nothing),
    View("/groups/new", "/groups/new", "cass", toasts),
    View("/groups/<code>", "/groups/super-bonus"),
    View("/groups/<code>", "/groups/super-bonus?q=zzz"),
    View("/groups/<code>", "/groups/spring-letter"),
    View("/groups/<code>", "/groups/old-friends", "sam"),
    View("/groups/<code>", "/groups/nobody-yet"),
    View("/groups/<code>", f"/groups/the-{LONG.lower()}s"),
    View(ITEMS, "/groups/super-bonus/items"),
    View(ITEMS, "/groups/nobody-yet/items", "sam"),
    View(ITEMS, "/groups/super-bonus/items", "cass", finding),
    View(HISTORY, "/groups/super-bonus/history"),
    View(HISTORY, "/groups/nobody-yet/history", "sam"),
    View(HISTORY, "/groups/super-bonus/history", "cass", members_then),
    View(HISTORY, "/groups/super-bonus/history?from=2020-01-01&to=2020-01-02"),
    View(HISTORY, "/groups/super-bonus/history?at=2999-01-01", status=422),
    View("/why", "/why"),
    View("/why", "/why?customer=A-3&group=super-bonus,kigali-north,spring-letter"),
    View("/why", f"/why?customer=A-5&group=the-{LONG.lower()}s", "sam"),
    View("/why", "/why?customer=A-9&group=super-bonus", status=404),
    View("/groups/<code>/edit", "/groups/super-bonus/edit"),
    View("/groups/<code>/edit", "/groups/super-bonus/edit", "cass", conflict),
    View("/groups/<code>/delete", "/groups/super-bonus/delete"),
    View("/groups/<code>/archive", "/groups/super-bonus/archive"),
    View("/groups/<code>/archive", "/groups/kigali-north/archive", "pat", unfolded),
    View("/groups/<code>/restore", "/groups/spring-letter/restore"),
    View("/groups/<code>/used-by", "/groups/super-bonus/used-by"),
    View("/groups/<code>/rule", "/groups/super-bonus/rule"),
    View("/groups/<code>/rule", "/groups/of-the-north/rule", "sam"),
    View("/groups/<code>/rule/<int:item_id>", f"/groups/of-the-north/rule/{RULE}", "cass", building),
    View("/groups/<code>/rule/new", "/groups/super-bonus/rule/new", "cass", typing),
    View("/groups/new", "/groups/new?type=rule&rule=gender%20!%3D%20female", "cass", nothing),
    View("/groups/new/values", "/groups/new/values"),
    View("/groups/new/values", "/groups/new/values?field=gender", "cass", ticked),
    View("/groups/new/values", "/groups/new/values?field=gender", "cass", unnamed),
    View("/groups/new/values", "/groups/new/values?field=tier", "pat"),
    View("/groups/new/values", "/groups/new/values?field=phone", status=422),
    View("/groups/<code>/used-by", "/groups/inner-circle/used-by"),
    View("/groups/<code>/items/<int:item_id>/end", "/groups/super-bonus/items/1/end", "cass", unfolded),
    View("/groups/<code>/members/remove", "/groups/open-house/members/remove?customer=A-2", "sam"),
    View("/groups/of/<code>", "/groups/of/A-1?group=open-house", "sam"),
    View(ITEMS, "/groups/inner-circle/items"),
    View("/changes", "/changes"),
    View("/changes", "/changes", "tess"),
    View("/changes", "/changes?who=nobody&since=2999-01-01"),
    View("/changes/<int:change_id>", "/changes/12"),
    View("/changes/<int:change_id>/undone", "/changes", "cass", undone),
    View("/proposals", "/proposals"),
    View("/proposals", "/proposals", "sam"),
    View("/proposals", "/proposals", state="bare"),
    View("/proposals/<int:proposal_id>", "/proposals/1"),
    View("/proposals/<int:proposal_id>", "/proposals/2", "pat"),
    View("/proposals/new", "/proposals/new", "sam", nothing),
    View("/proposals/new", "/proposals/new?type=rule&rule=gender%20%3D%20female", "sam", nothing),
    View("/proposals/membership", "/proposals/membership", "sam"),
    View("/settings/guards", "/settings/guards", "olive"),
    View("/imports/<int:import_id>/preview", f"/imports/{CHECKED}/preview", "cass", unfolded),
    View("/imports/<int:import_id>/preview", f"/imports/{CHECKED}/preview?group=1&way=joining"),
    View("/imports/<int:import_id>/columns", f"/imports/{CHECKED}/columns"),
    View("/imports/<int:import_id>/columns", f"/imports/{DATED}/columns"),
    View(CHECK, f"/imports/{DATED}", "cass", unfolded),
    View(CHECK, f"/imports/{DATED}", "cass", corrected),
    View("/imports/new", "/imports/new", "cass", unfolded),
    View("/imports/new", "/imports/new?group=super-bonus", "cass", nothing),
    View(CHECK, f"/imports/{CHECKED}", "cass", unfolded),
    View(CHECK, f"/imports/{CHECKED}", "cass", changed_world),
    View(CHECK, f"/imports/{CHECKED}?show=unchanged"),
    View(CHECK, f"/imports/{STOPPED}"),
    View(CHECK, f"/imports/{DONE}"),
    View(CHECK, f"/imports/{CHECKED}", state="busy"),
    View("/jobs", "/jobs", "sam"),
    View("/jobs", "/jobs", "olive", state="busy"),
    View("/jobs/running", "/jobs/running", state="busy"),
    View("/settings/fields", "/settings/fields"),
    View("/settings/fields", "/settings/fields", "olive", state="bare"),
    View("/settings/fields/new", "/settings/fields/new", "cass", nothing),
    View("/settings/fields/<code>", "/settings/fields/tier"),
    View("/settings/fields/<code>", "/settings/fields/tier", "cass", other_version),
    View("/settings/fields/<code>", "/settings/fields/old-number"),
    View("/settings/shops", "/settings/shops", "olive"),
    View("/settings/shops", "/settings/shops", "olive", state="bare"),
    View("/settings/shops/new", "/settings/shops/new", "olive", nothing),
    View("/settings/shops/<code>", "/settings/shops/S1", "olive"),
    View("/account", "/account"),
    View("/account", "/account", "cass", nothing),
]
FILES = {
    "/customers.csv", "/groups/<code>/history.csv", "/imports/sample.csv", "/imports/<int:import_id>/refused.csv",
    "/static/<path:filename>",
}  # fmt: skip


def state_of(store: Any, view: View) -> Path:
    """Return the file of the database in which `view` is looked at."""
    path: Path = getattr(store, view.state)
    return path
