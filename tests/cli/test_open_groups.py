"""Groups that are open to support, from the terminal."""

from portal.models import Change, Group, Membership

CASS = ("--as", "cass@x.example")


def test_support_changes_one_member_of_an_open_group_with_a_note(portal, store):
    portal("customer", "add", "A1", "--name", "Ann", "--shop", "KGN", *CASS)
    for name in ("Club", "Shut"):
        portal("group", "create", name, *CASS)
    Group.update(is_open=True).where(Group.code == "club").execute()
    who = ("--customer", "A1", "--as", "sol@x.example")
    assert [portal("group", "add", group, *who).stderr for group in ("club", "shut")] == [
        "Say why; it is written to the log.\n", "Your roles do not allow this. Nothing was changed.\n",
    ]  # fmt: skip
    assert portal("group", "add", "club", "--note", "She asked", *who).stdout == "1 joined, 0 left.\n"
    assert (Membership.select().count(), Change.select().order_by(Change.id.desc()).get().note) == (1, "She asked")
    assert portal("group", "remove", "club", "--note", "She left", *who).stdout == "0 joined, 1 left.\n"
    assert portal("group", "add", "club", "--shop", "KGN", "--as", "sol@x.example").exit_code == 1
