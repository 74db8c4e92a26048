"""`portal demo`: a portal full of sample data, to look around in."""

import sys

import click
from flask_babel import gettext

from portal import config, migrate
from portal.cli import output, serving, start
from portal.cli.options import as_option
from portal.db import db
from portal.errors import N_, Refusal
from portal.permissions import OPERATOR, ROLE_LABELS
from portal.queries import membership
from portal.services import samples


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Make the data and stop.")
@click.option("--customers", "n", type=click.IntRange(0, 1_000_000), default=2_000, show_default=True, metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="Another seed gives other people.")
@as_option
def demo(no_serve: bool, n: int, seed: int) -> None:
    """Make shops, customers, groups and one person for each role, and serve them; run again, the data stays."""
    app = start.application(pages=not no_serve)
    is_new = start.is_missing()
    start.pending()
    is_made = not is_new and samples.is_made()
    if is_new or is_made or not db.get_tables():
        migrate.up()  # somebody else's data is not even migrated
    if is_made:
        click.echo(gettext("The sample data is there already; it stays as it is."))
    elif not start.pending() and samples.is_empty():
        _make(n, seed)
    else:
        raise Refusal(
            N_("%(database)s holds data that the demo did not make; nothing was changed. Set PORTAL_DATABASE anew."),
            database=str(config.current().sqlite_path) if config.current().is_sqlite else "PORTAL_DATABASE",
        )
    server = None if no_serve else serving.bound(app)
    _say_who()
    if server is not None:
        _say_where()
        serving.run(server, start.application().extensions["workers"])


def _make(n: int, seed: int) -> None:
    click.echo(gettext("Making %(n)s customers with seed %(seed)s …", n=n, seed=seed))
    samples.load(OPERATOR, n, seed)
    if membership.differences() or membership.broken_intervals() or membership.wrong_counts():
        raise Refusal(N_("Stored membership differs from the definition; run “portal verify” to see where."))
    click.echo(gettext("Checked: stored membership equals the definition."))


def _say_who() -> None:
    click.echo()
    output.table(
        (gettext("Sign in as"), gettext("Password"), gettext("Role")),
        [
            (samples.email_of(name), samples.PASSWORD, gettext(ROLE_LABELS[role]) + (f", {shop}" if shop else ""))
            for name, role, shop in samples.PEOPLE
        ],
        aligned=True,
    )


def _say_where() -> None:
    click.echo()
    if config.current().host not in config.LOOPBACK:
        click.echo(
            gettext("Careful: this address is open to others, and the password above is known to all."), err=True
        )
    click.echo(gettext("Coterie is at %(address)s (Ctrl-C stops it).", address=serving.address()))
    click.echo(
        gettext(
            "Try first: sign in as %(email)s, open CRM Groups Maintenance, and press Create.",
            email=samples.email_of("Cass"),
        )
    )
    sys.stdout.flush()
