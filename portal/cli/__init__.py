"""The command line, `portal`: one module per noun, loaded only when one of its commands is used."""

import os
import traceback
from functools import partial
from importlib import import_module

import click

from portal.cli.options import as_option
from portal.errors import Refusal
from portal.text import has_forbidden

# Command: the module that holds it, and its line in `portal --help`, so that help need not load anything.
COMMANDS = {
    "demo": ("demo", "Make a portal full of sample data, and serve it."),
    "serve": ("serving", "Serve the portal to browsers."),
    "worker": ("jobs", "Work on background jobs, beside “portal serve --no-jobs”."),
    "job": ("jobs", "Background jobs."),
    "migrate": ("system", "Bring the database to the shape this version needs."),
    "user": ("users", "People who may sign in, and their roles."),
    "shop": ("shops", "Shops."),
    "customer": ("customers", "Customers."),
    "field": ("fields", "Define, list, retire and restore the store's own fields."),
    "group": ("groups", "Customer groups, their items and their members."),
    "why": ("why", "Say why a customer is in a group, or why not."),
    "proposal": ("proposals", "Requests: what others ask for, to be approved or declined."),
    "change": ("changes", "What was done, with every row before and after."),
    "verify": ("system", "Check stored membership, and that nobody altered the list of changes."),
    "doctor": ("doctor", "Look the installation over and say what to do."),
    "backup": ("backups", "Write the whole database into a file and check it."),
    "restore": ("backups", "Put a backup in the place of the present database."),
    "settings": ("system", "Print all settings with meaning and value."),
    "routes": ("system", "Print all pages with the action each needs."),
    "permissions": ("rights", "Print the table of roles and rights as Markdown."),
}


class Refused(click.ClickException):
    """What was asked for is not done: one sentence on standard error, exit 1."""

    exit_code = 1

    def show(self, file: object = None) -> None:
        """Print the sentence, without any decoration."""
        click.echo(self.format_message(), err=True)


class Portal(click.Group):
    """The root command; every refusal and every fault of all commands becomes a sentence here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"portal.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words that no database can hold before anything is done with them."""
        if any(has_forbidden(arg) for arg in args):
            ctx.fail("These words hold characters that cannot be stored; type them anew.")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; whatever it raises is said in one sentence."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get("PORTAL_DEBUG") and not isinstance(error, Refusal):
                traceback.print_exc()
            from portal.cli.words import sentence_of

            raise Refused(sentence_of(error)) from error


@click.command(cls=Portal, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@as_option
@click.version_option(package_name="coterie", prog_name="portal")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Keep customer groups from the terminal, with the same permissions as in the browser.

    Whatever writes or shows customers acts as somebody: --as EMAIL. The machine's operator (nobody named) may
    migrate, keep users and shops, back up, restore, verify and serve. Exit 0: done, 1: refused, with a sentence,
    2: wrong usage.
    """
    # What a command makes (database, key, backups) is for the one who ran it.
    ctx.call_on_close(partial(os.umask, os.umask(0o077)))
