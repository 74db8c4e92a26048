"""Acts that need a second person, from the terminal."""

from portal.models import Group, Membership, Proposal, User
from portal.permissions import Door
from portal.queries import users as find_users
from portal.services import settings

CASS = ("--as", "cass@x.example")


def test_an_act_that_needs_approval_is_asked_for_and_its_number_told(portal, store):
    portal("customer", "add", "A1", "--name", "Ann", *CASS)
    portal("group", "create", "Vips", *CASS)
    Group.update(is_guarded=True).execute()
    olive = find_users.actor_of(User.get(User.name == "Olive"), Door.COMMAND)
    settings.set_guards(olive, "", is_marked=True)
    refused = portal("group", "add", "vips", "--customer", "A1", "--note", "She called", *CASS)
    asked = Proposal.get()
    assert (refused.exit_code, refused.stderr) == (
        1, f"Vips is guarded: a second person has to approve this. It is asked for as request {asked.id}.\n",
    )  # fmt: skip
    assert (asked.reason, asked.act, asked.customer.code, Membership.select().count()) == (
        "She called", "items.add_member", "A1", 0,
    )  # fmt: skip
    archived = portal("group", "archive", "vips", *CASS)
    assert (archived.exit_code, f"request {asked.id + 1}" in archived.stderr) == (1, True)
    User.update(is_active=False).where(User.name.in_(["Pat", "Olive"])).execute()
    alone = portal("group", "archive", "vips", *CASS)
    assert (alone.exit_code, "do it in the browser" in alone.stderr, Proposal.select().count()) == (1, True, 2)
