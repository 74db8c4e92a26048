"""Pages of customers: the list with its filter, one customer, her form."""

from portal.web.customers import form, listing, page
from portal.web.customers.blueprint import pages

__all__ = ["form", "listing", "page", "pages"]
