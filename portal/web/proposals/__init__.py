"""Pages of requests: asking for a group or a membership, the list of them, and deciding one."""

from portal.web.proposals import asking, deciding
from portal.web.proposals.blueprint import pages

show = deciding.show

__all__ = ["asking", "deciding", "pages", "show"]
