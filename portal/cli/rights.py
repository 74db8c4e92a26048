"""`portal permissions`: the table of rights as a page of Markdown, `docs/permissions.md`."""

import click

from portal.cli.options import as_option
from portal.permissions import MASKED, OPERATOR_ACTIONS, ROLE_LABELS, TABLE, Action, Role, Scope

_SIGNS = {Scope.ALL: "✓"}
_HEAD = """# Who may do what

Made from `portal/permissions.py` by `portal permissions`; a test compares the two. Roles add up; the rest is refused.
"own shops": for the shops the role was given for; a role of support that names no shop reaches all. "own acts": what
the person herself did; "sign-ins": who signed in and out.
"""


@click.command("permissions")
@as_option
def permissions() -> None:
    """Print the table of roles and rights as Markdown."""
    click.echo(markdown(), nl=False)


def markdown() -> str:
    """Return the page, in English: it is made once, not for a reader."""
    lines = [_HEAD, "| action | " + " | ".join(ROLE_LABELS[role] for role in Role) + " | operator |"]
    lines.append("|---" * (len(Role) + 2) + "|")
    lines += [_row(action) for action in Action if action is not Action.OWN_ACCOUNT]
    lines.append("\nEverybody who can sign in keeps her own account (`account.own`). `user.edit` reaches somebody")
    lines.append("who may grant roles only together with `role.grant` (decision 0033).\n")
    lines.append("Columns shown masked, and never searched or sorted by, unless another role shows them:\n")
    for role in Role:
        if role in MASKED:
            lines.append(f"* {ROLE_LABELS[role]}: {', '.join(f'`{name}`' for name in sorted(MASKED[role]))}")
    lines.append("\nThe operator is the person at the machine's terminal: `portal` without `--as`.")
    return "\n".join(lines) + "\n"


def _row(action: Action) -> str:
    cells = [_SIGNS.get(TABLE[role][action], TABLE[role][action]) if action in TABLE[role] else "" for role in Role]
    operator = "✓" if action in OPERATOR_ACTIONS else ""
    return f"| `{action}` | " + " | ".join([*cells, operator]) + " |"
