"""What a check of `portal doctor` looks at, and what it finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.config import LOOPBACK, Settings

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True, slots=True)
class Place:
    """What the checks look at: settings, folders, the application's configuration, and how strict they are."""

    settings: Settings
    instance: Path
    assets: Path
    translations: Path
    app_config: Mapping[str, Any]
    # Where the secret key comes from: environment | instance | nowhere.
    key_source: str
    is_deployed: bool = False
    is_debugging: bool = False

    @property
    def is_local(self) -> bool:
        """Tell whether the portal listens on this machine only."""
        return self.settings.host in LOOPBACK


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a state, a fact in a few signs, and for all but `ok` a sentence that says what to do.

    Neither fact nor sentence ever holds personal data: versions, counts and names of settings only.
    """

    state: str
    fact: str = ""
    sentence: str = ""
    params: dict[str, object] = field(default_factory=dict)


def ok(fact: object = "") -> Finding:
    """Return that all is well."""
    return Finding(OK, str(fact))


def warn(fact: object, sentence: str, /, **params: object) -> Finding:
    """Return that something should be looked at; `sentence` is an English source text."""
    return Finding(WARN, str(fact), sentence, params)


def bad(fact: object, sentence: str, /, **params: object) -> Finding:
    """Return that something has to be mended; `sentence` is an English source text."""
    return Finding(BAD, str(fact), sentence, params)


def strict(place: Place, fact: object, sentence: str, /, **params: object) -> Finding:
    """Return what a deployed portal must not have, and one on somebody's own machine may."""
    return (bad if place.is_deployed else warn)(fact, sentence, **params)


def none(n: int, worse: Callable[..., Finding], sentence: str) -> Finding:
    """Return ok when there is none of what was counted, else what `worse` (warn or bad) makes of it."""
    return worse(n, sentence) if n else ok(0)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at. `only` names the database it is about, `needs` what must be there to look."""

    name: str
    look: Callable[[Place], Finding]
    only: str = ""  # sqlite | postgresql | ''
    needs: str = ""  # '' | database | tables
    deploy: bool = False
