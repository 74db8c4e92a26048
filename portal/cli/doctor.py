"""`portal doctor`: look the installation over and say what to do."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import click
from flask import Flask
from flask_babel import gettext

from portal import config
from portal.cli import output, start
from portal.cli.options import as_option, json_option
from portal.errors import N_, Refusal
from portal.queries import doctor as checks


@click.command("doctor")
@click.option("--deploy", is_flag=True, help="Be as strict as a portal that others reach has to be.")
@json_option
@as_option
def doctor(deploy: bool, as_json: bool) -> None:
    """Check machine, settings, files, database and people; exit 1 if anything is bad. Changes nothing."""
    source, environ = _key(os.environ, start.INSTANCE)
    app = start.application(environ)
    # --as is looked up in the database; the operator's command works without one.
    actor = start.actor(operator=True)
    found = list(checks.run(actor, _place(app, source, deploy)))
    rows = [(finding.state, name, finding.fact, _say(finding)) for name, finding in found]
    if as_json:
        output.json_value(
            [{"name": name, "state": state, "fact": fact, "sentence": said} for state, name, fact, said in rows]
        )
    else:
        output.table((gettext("State"), gettext("Check"), gettext("Fact"), gettext("What to do")), rows)
    n_bad = sum(state == checks.BAD for state, *_rest in rows)
    if n_bad:
        raise Refusal(N_("%(n)s of %(total)s checks are bad."), n=n_bad, total=len(rows))
    if not as_json:
        n_warned = sum(state == checks.WARN for state, *_rest in rows)
        click.echo(gettext("%(total)s checks, none bad, %(n)s to look at.", total=len(rows), n=n_warned))


def _key(environ: Mapping[str, str], instance: Path) -> tuple[str, dict[str, str]]:
    """Return where the secret key comes from, and what to set so that looking makes none."""
    if environ.get("PORTAL_SECRET_KEY", "").strip():
        return "environment", {}
    kept = instance / "secret_key"
    if kept.is_file():
        return "instance", {"PORTAL_SECRET_KEY": kept.read_text(encoding="ascii").strip()}
    return "nowhere", {"PORTAL_SECRET_KEY": secrets.token_urlsafe(48)}


def _place(app: Flask, source: str, deploy: bool) -> checks.Place:
    return checks.Place(
        settings=config.current(),
        instance=Path(app.instance_path),
        assets=Path(app.static_folder or "").parent,
        translations=Path(app.root_path) / "translations",
        app_config=app.config,
        key_source=source,
        is_deployed=deploy,
        is_debugging=bool(app.debug),
    )


def _say(finding: checks.Finding) -> str:
    if not finding.sentence:
        return ""
    text = gettext(finding.sentence)
    return text % finding.params if finding.params else text
