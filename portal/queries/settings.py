"""Reading the settings of the store."""

from dataclasses import dataclass

from portal.models import Setting

GUARDS = "guards"


@dataclass(frozen=True, slots=True)
class Guards:
    """From when on a change needs a second person: a share of all customers moved, groups that are marked.

    `share` is in hundredths of a percent, None while it is off. `version` is 0 before anybody has set anything.
    """

    share: int | None = None
    is_marked: bool = False
    version: int = 0

    @property
    def is_on(self) -> bool:
        """Tell whether any guard rail is switched on."""
        return self.share is not None or self.is_marked


def guards() -> Guards:
    """Return the guard rails in force; off until somebody switches them on."""
    found = Setting.get_or_none(Setting.key == GUARDS)
    return Guards(found.value["share"], found.value["marked"], found.version) if found else Guards()


def percent(share: int | None) -> str:
    """Return a share in hundredths of a percent as a person types it; '' for none."""
    return "" if share is None else f"{share / 100:g}"
