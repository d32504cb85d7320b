"""A browser, the fake server, and a page that watches for what it must not do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.live.page.fake_server import FakeServer

SWITCHES = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program; tests that need it skip without it."""
    found = os.environ.get("GIOCONDA_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("the browser chromium is not installed (Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def running_server() -> Iterator[FakeServer]:
    pytest.importorskip("uvicorn", reason="the extra 'live' is not installed")
    server = FakeServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(running_server: FakeServer) -> FakeServer:
    """The fake server, as if new."""
    running_server.reset()
    return running_server


@dataclass
class Watched:
    """A page and what was seen of it."""

    page: Any
    url: str
    problems: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, query: str = "") -> Any:
        """Load the page and wait until a session runs."""
        self.page.goto(self.url + query)
        self.page.wait_for_function("window.gioconda?.state === 'live'")
        return self.page

    def state(self, basis: str = "synthetic") -> None:
        """Answer the question about consent by the plainest way."""
        self.page.check(f"#consent-dialog[open] input[value={basis}]")
        self.page.click("#consent-form [type=submit]")

    def frames(self, count: int) -> None:
        """Wait for so many more frames."""
        self.page.wait_for_function(
            "([n]) => { window.before ??= gioconda.stats().shown;"
            " return gioconda.stats().shown >= window.before + n }",
            arg=[count],
        )
        self.page.evaluate("delete window.before")


@pytest.fixture
def new_page(browser: Any, server: FakeServer) -> Iterator[Callable[..., Watched]]:
    """Makes pages of a given context; closes them."""
    contexts = []

    def make(**options: Any) -> Watched:
        # Playwright itself waits by eval, which the policy forbids; one test keeps to the policy.
        context = browser.new_context(**{"locale": "en-US", "bypass_csp": True, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watched = Watched(page, server.url)
        page.on("pageerror", lambda error: watched.problems.append(str(error)))
        page.on(
            "console",
            lambda said: watched.problems.append(said.text) if said.type == "error" else None,
        )
        page.on("request", lambda request: watched.asked.append(request.url))
        page.on("websocket", lambda ws: watched.asked.append(ws.url))
        return watched

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def watched(new_page: Callable[..., Watched]) -> Watched:
    """A page of a desk's size."""
    return new_page(viewport={"width": 1280, "height": 860})
