"""Equal posts sent at the same moment, as a double click or a browser's second try sends them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient

from portal import db
from tests.page import Browser

Answer = tuple[int, str | None]


def twin(app: Flask, browser: Browser) -> FlaskClient:
    """Return another client with the same cookies, for another thread."""
    client = app.test_client()
    for cookie in browser.client._cookies.values():
        client._cookies[cookie._storage_key] = cookie
    return client


def post_twice(app: Flask, browser: Browser, path: str, data: Mapping[str, Any], times: int = 2) -> list[Answer]:
    """Send one form `times` times at once and return each answer's status and where it leads."""
    start = Barrier(times)
    body = {"csrf_token": browser.token(), "once": uuid4().hex, **data}
    clients = [twin(app, browser) for _ in range(times)]

    def send(client: FlaskClient) -> Answer:
        start.wait()
        try:
            response = client.post(path, data=body)
            return response.status_code, response.headers.get("Location")
        finally:
            db.db.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(send, clients))


def customers_twice(app: Flask, browser: Browser, times: int) -> list[list[Answer]]:
    """Send the form of a new customer twice, `times` times, and return the answers."""
    browser.get("/")
    return [
        post_twice(app, browser, "/customers/new", {"name": f"Twin {n}", "email": f"twin{n}@store.example"})
        for n in range(times)
    ]
