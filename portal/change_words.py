"""Changes said in sentences, the same on pages and in the terminal: who did what, about what, through which door."""

from flask_babel import gettext

from portal.errors import N_
from portal.queries.changes import Thing, Told

# What each act says. %(who)s did it, %(what)s is what it is about, %(whom)s the customer whom it names.
SENTENCES = {
    "customer.create": N_("%(who)s created %(what)s"),
    "customer.edit": N_("%(who)s edited %(what)s"),
    "customer.reveal": N_("%(who)s looked at the ID number of %(what)s"),
    "customer.export": N_("%(who)s exported a list of customers"),
    "customer.import": N_("%(who)s loaded customers"),
    "group.create": N_("%(who)s created the group %(what)s"),
    "group.duplicate": N_("%(who)s created the group %(what)s as a copy of another"),
    "group.of_values": N_("%(who)s made groups of the values of the field %(what)s"),
    "group.edit": N_("%(who)s edited the group %(what)s"),
    "group.archive": N_("%(who)s archived the group %(what)s"),
    "group.restore": N_("%(who)s made the group %(what)s active"),
    "group.draft": N_("%(who)s made the group %(what)s a draft"),
    "group.delete": N_("%(who)s deleted the group %(what)s"),
    "group.items": N_("%(who)s added items to the group %(what)s"),
    "group.add_member": N_("%(who)s added %(whom)s to the group %(what)s"),
    "group.remove_member": N_("%(who)s removed %(whom)s from the group %(what)s"),
    "group.end_item": N_("%(who)s ended an item of the group %(what)s"),
    "group.unstarted": N_("%(who)s could not start the group %(what)s, which is made of what is not there any more"),
    "group.rule": N_("%(who)s changed a rule of the group %(what)s"),
    "import.run": N_("%(who)s imported the file %(what)s"),
    "import.columns": N_("%(who)s said what the columns of the file %(what)s stand for"),
    "field.create": N_("%(who)s defined the field %(what)s"),
    "field.edit": N_("%(who)s edited the field %(what)s"),
    "field.retire": N_("%(who)s retired the field %(what)s"),
    "field.restore": N_("%(who)s brought back the field %(what)s"),
    "field.move": N_("%(who)s moved the field %(what)s in the form"),
    "shop.create": N_("%(who)s created the shop %(what)s"),
    "shop.edit": N_("%(who)s edited the shop %(what)s"),
    "shop.import": N_("%(who)s imported shops"),
    "user.create": N_("%(who)s created the account of %(what)s"),
    "user.grant": N_("%(who)s gave %(what)s a role"),
    "user.revoke": N_("%(who)s took a role from %(what)s"),
    "user.deactivate": N_("%(who)s closed the account of %(what)s"),
    "user.activate": N_("%(who)s opened the account of %(what)s again"),
    "user.password": N_("%(who)s set the password of %(what)s"),
    "user.language": N_("%(who)s chose the language of %(what)s"),
    "user.sign_in": N_("%(who)s signed in"),
    "user.sign_out": N_("%(who)s signed out"),
    "proposal.group": N_("%(who)s proposed a group, request %(what)s"),
    "proposal.membership": N_("%(who)s asked for a membership, request %(what)s"),
    "proposal.approval": N_("%(who)s asked for approval, request %(what)s"),
    "proposal.approve": N_("%(who)s approved request %(what)s"),
    "proposal.decline": N_("%(who)s declined request %(what)s"),
    "proposal.withdraw": N_("%(who)s withdrew request %(what)s"),
    "clock.due": N_("%(who)s brought up what was due"),
    "setting.guards": N_("%(who)s set the guard rails"),
    "system.backup": N_("%(who)s took a backup"),
    "system.restore": N_("%(who)s restored a backup"),
    "change.undo": N_("%(who)s undid change %(what)s"),
}
# An import that is for a group.
_INTO = N_("%(who)s imported the file %(what)s into the group %(into)s")
# The built-in fields have no row that a change could be about.
_OF_BUILT_IN = N_("%(who)s made groups of a field's values")
DOORS = {
    "page": N_("Page"),
    "command": N_("Command line"),
    "import": N_("Import of a file"),
    "setup": N_("Set-up"),
    "api": N_("API"),
    "clock": N_("Clock"),
}
KINDS = {
    "customer": N_("Customers"),
    "group": N_("Groups"),
    "import": N_("Imports"),
    "field": N_("Fields"),
    "shop": N_("Shops"),
    "user": N_("Accounts"),
    "sign_in": N_("Sign-ins"),
    "proposal": N_("Requests"),
    "setting": N_("Settings"),
    "system": N_("Backups"),
    "clock": N_("Due by the clock"),
    "change": N_("Undo"),
}
_UNNAMED = {"customer": N_("a customer"), "user": N_("somebody")}
# Through which door, where it is not the page; a sentence of an import says so itself.
_THROUGH = {
    "command": N_("%(sentence)s, on the command line"),
    "api": N_("%(sentence)s, through the API"),
    "setup": N_("%(sentence)s, at the first set-up"),
}


def say_change(change: Told, *, with_door: bool = True) -> str:
    """Return a change as one sentence without its end: who did what, about what, and through which door."""
    pattern = _pattern(change)
    names = {
        "who": say_who(change), "what": say_thing(change.about), "whom": say_thing(change.whom, "customer"),
        "into": say_thing(change.into, "group"),
    }  # fmt: skip
    if pattern is None:
        sentence = gettext("%(who)s did “%(act)s”", who=names["who"], act=change.act)
    else:
        sentence = gettext(pattern) % names
    through = _THROUGH.get(change.door) if change.who and with_door else None
    return gettext(through) % {"sentence": sentence} if through else sentence


def _pattern(change: Told) -> str | None:
    if change.act == "import.run" and change.into:
        return _INTO
    if change.act == "group.of_values" and change.about is None:
        return _OF_BUILT_IN
    return SENTENCES.get(change.act)


def say_door(door: str) -> str:
    """Return what a door is called."""
    return gettext(DOORS[door]) if door in DOORS else door


def say_who(change: Told) -> str:
    """Return who made a change: a person, the clock, or the operator at the machine's terminal."""
    if change.who:
        return change.who
    return gettext("The clock") if change.door == "clock" else gettext("The machine's operator")


def say_thing(thing: Thing | None, noun: str = "") -> str:
    """Return what a thing is called: people by their names, others in quotes; 'a customer' whose name is not told."""
    noun = thing.noun if thing else noun
    label = thing.label if thing else ""
    if noun in _UNNAMED:
        return label or gettext(_UNNAMED[noun])
    return label if noun in {"change", "proposal"} else f"“{label or '…'}”"
