"""The options that many commands share: who acts (`--as`), and machine-readable output (`--json`)."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from portal.errors import NeedsApproval

if TYPE_CHECKING:
    from portal.permissions import Actor

Command = TypeVar("Command", bound=Callable[..., Any])
AS = "portal.as"


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    # `meta` is one dict for the command and all above it, so --as may stand before or after the subcommand.
    if value is not None:
        ctx.meta[AS] = value


as_option = click.option(
    "--as", "as_email", metavar="EMAIL", expose_value=False, callback=_remember, help="The person who acts."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


def acting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Open the portal and call `command` with the person of `--as`; nobody named is a refusal."""
    return _with_actor(command, operator=False)


def operating(command: Callable[..., Any]) -> Callable[..., Any]:
    """Open the portal and call `command` with the person of `--as`, or with the machine's operator."""
    return _with_actor(command, operator=True)


def _with_actor(command: Callable[..., Any], *, operator: bool) -> Callable[..., Any]:
    @as_option
    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        from portal.cli import start
        from portal.services.membership import due

        start.open_database()
        actor: Actor = start.actor(operator=operator)
        due.refresh()  # what the clock has moved, before anything is read
        try:
            return command(actor, *args, **kwargs)
        except NeedsApproval as needed:
            from portal.cli import asking

            raise asking.asked(actor, needed) from needed

    return run
