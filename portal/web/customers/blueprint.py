"""What the pages of customers are registered under."""

from flask import Blueprint

pages = Blueprint("customers", __name__)
