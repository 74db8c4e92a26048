"""Any sequence of acts leaves membership, history and counts true (promise 4's model, laws 1 to 8).

Long form: `python -m tests.long.model --door services --runs 500 --steps 50`.
"""

from typing import Any

from flask import Flask

from tests.asking import AskingByPages, AskingByServices, Requests
from tests.model import ByPages, ByServices, run
from tests.nested import Nested


def test_any_sequence_of_acts_through_services_leaves_everything_true(
    server: Any, password_hash: str, application: Flask
) -> None:
    run(ByServices, server, password_hash, application, runs=9, steps=25)


def test_any_sequence_of_acts_through_pages_leaves_everything_true(
    server: Any, password_hash: str, application: Flask
) -> None:
    run(ByPages, server, password_hash, application, runs=4, steps=15)


def test_any_sequence_of_acts_on_groups_made_of_groups_leaves_everything_true(
    server: Any, password_hash: str, application: Flask
) -> None:
    run(None, server, password_hash, application, runs=9, steps=25, model=Nested)


def test_any_sequence_of_acts_requests_and_approvals_through_services_leaves_everything_true(
    server: Any, password_hash: str, application: Flask
) -> None:
    run(AskingByServices, server, password_hash, application, runs=12, steps=25, model=Requests)


def test_any_sequence_of_acts_requests_and_approvals_through_pages_leaves_everything_true(
    server: Any, password_hash: str, application: Flask
) -> None:
    run(AskingByPages, server, password_hash, application, runs=4, steps=15, model=Requests)
