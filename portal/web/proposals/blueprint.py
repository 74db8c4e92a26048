"""What the pages of requests are registered under."""

from flask import Blueprint

pages = Blueprint("proposals", __name__, url_prefix="/proposals")
