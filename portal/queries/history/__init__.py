"""What a group looked like on any day, who joined and left between two, and why: the intervals of membership."""

from portal.queries.history.crowds import Crowd, Difference, difference, members_at
from portal.queries.history.days import past_day, past_days
from portal.queries.history.timeline import events, timeline

__all__ = ["Crowd", "Difference", "difference", "events", "members_at", "past_day", "past_days", "timeline"]
