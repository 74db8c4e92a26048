"""Days to come, as a person types them: each is a day in the store's time zone (product.md §5, Dates)."""

from datetime import date, datetime, timedelta

from portal import clock, config
from portal.errors import N_, Refusal
from portal.sheets.dates import read_date
from portal.text import clean

LAST_YEAR = 2199  # of what can be planned; the calendar itself ends soon after


def planned(field: str, text: str) -> date | None:
    """Return the day that was typed into `field`, None for none; raises Refusal for one that cannot be planned."""
    if not text.strip():
        return None
    day = read_date(text)
    if day is None or day.year > LAST_YEAR:
        sentence = N_("“%(value)s” is no day that can be planned; write it as 2030-06-14.")
        raise Refusal(sentence, field, value=clean(text)[:40])
    if day < clock.today(config.current().timezone):
        raise Refusal(N_("This day has passed; choose today or a later one."), field)
    return day


def span(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """Return the moments (UTC) from which on, and up to but not at which, an item of these typed days counts.

    'from' is the beginning of its day, which for today is now (None); 'until' the end of its day, inclusive. Raises
    Refusal naming the field `from_day` or `until_day`.
    """
    zone = config.current().timezone
    begins, ends = planned("from_day", first), planned("until_day", last)
    if begins is not None and ends is not None and ends < begins:
        raise Refusal(N_("“Until” comes before “from”; the item would never count."), "until_day")
    return (
        clock.beginning(begins, zone) if begins is not None and begins > clock.today(zone) else None,
        clock.beginning(ends + timedelta(days=1), zone) if ends is not None else None,
    )
