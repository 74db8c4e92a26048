"""Chromium, listened to: one process for all tests, a window of its own for each visitor."""

import os
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run",
         "--disable-component-update", "--disable-quic"]  # fmt: skip
PATIENCE_MS = 20_000  # what is awaited comes in a fraction of it; a busy machine may take longer
HEIGHT = {1280: 900, 390: 844}
# Chromium notes every answer of 400 or more; pages that refuse something answer so on purpose.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


class Chrome:
    """The browser of all tests, and what it complained about in the present one."""

    def __init__(self, executable: str) -> None:
        self.executable = executable
        expect.set_options(timeout=PATIENCE_MS)
        self.kept: dict[str, Page] = {}

    def __enter__(self) -> Self:
        self.playwright = sync_playwright().start()
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser: Browser = self.playwright.chromium.launch(
            executable_path=self.executable, args=FLAGS + root,
            # A browser that goes back to a kept page, as people's browsers do.
            ignore_default_args=["--disable-back-forward-cache"],
        )  # fmt: skip
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.browser.close()
        self.playwright.stop()

    def begin(self, url: str, cookies: Mapping[str, str]) -> None:
        """Begin a test against the portal at `url`; `cookies` are those of people who are signed in."""
        self.url, self.cookies = url, cookies
        self.seen: list[str] = []

    def end(self) -> list[str]:
        """Close every window and return what was wrong in any of them."""
        kept = [page.context for page in self.kept.values()]
        for context in self.browser.contexts:
            if context not in kept:
                context.close()
        return self.seen

    def keep(self, who: str) -> Page:
        """Return a window in which `who` is signed in that stays open for other tests; a new one takes a while."""
        if who not in self.kept:
            self.kept[who] = self.open(who)
        return self.kept[who]

    def open(
        self, who: str = "cass", *, js: bool = True, theme: Any = "light", width: int = 1280, lang: str = "en-GB"
    ) -> Page:
        """Open a window in which `who` is signed in ('' for nobody), on an empty page."""
        context = self.browser.new_context(
            base_url=self.url, java_script_enabled=js, color_scheme=theme, locale=lang, reduced_motion="reduce",
            viewport={"width": width, "height": HEIGHT[width]},
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        if who:
            context.add_cookies([{"name": "coterie", "value": self.cookies[who], "url": self.url}])
        self._listen(context)
        return context.new_page()

    def _listen(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"script error: {error.error}"))
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        path = urlsplit(message.location.get("url", "")).path
        if message.type in {"error", "warning"} and (not REFUSED.match(message.text) or path.startswith("/static/")):
            self.seen.append(f"console: {message.text} ({path})")

    def _dialog(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.url) and urlsplit(request.url).scheme not in {"data", "about"}:
            self.seen.append(f"left the portal: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.seen.append(f"fault: {response.status} {response.url}")
