"""What a browser complains of while a journey goes on: nothing of it is let pass."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError
from playwright.sync_api import Error as WorkersError
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from tests.web.page import check_page

# The response itself is judged by its status, below.
ABOUT_A_STATUS = "Failed to load resource: the server responded with a status of"
ABOUT_A_CONNECTION = "Failed to load resource: net::ERR_"
# A page that is left takes back what it was still asking for.
TAKEN_BACK = "net::ERR_ABORTED"


class Watch:
    """Listens to all pages of a browser's context, and tells what went wrong."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self._allowed: set[int] = set()
        self._cut = False
        context.on("console", self._hear)
        context.on("weberror", self._defect)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def allow(self, *statuses: int) -> None:
        """Expect answers of these statuses from now on: the journey is about them."""
        self._allowed |= set(statuses)

    def allow_lost_connections(self) -> None:
        """Expect requests without an answer from now on: the journey is about them."""
        self._cut = True

    def assert_silent(self) -> None:
        """Nothing was complained of."""
        assert not self.complaints, "\n".join(self.complaints)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if self._cut and message.text.startswith("htmx:"):
            return
        if not message.text.startswith((ABOUT_A_STATUS, ABOUT_A_CONNECTION)):
            self.complaints.append(f"{message.type}: {message.text}")

    def _defect(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")

    def _failed(self, request: Request) -> None:
        # What a page's worker keeps for later it asks for again; nobody waits for it.
        if request.failure != TAKEN_BACK and not self._cut and not _is_of_a_worker(request):
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._allowed:
            request = response.request
            self.complaints.append(f"{request.method} {request.url}: {response.status}")


def check_what_is_shown(page: Page) -> None:
    """Hold the document that the browser shows to what every page of the service promises."""
    builder = EnvironBuilder()
    shown = TestResponse(
        [page.content().encode()],
        "200 OK",
        Headers({"Content-Type": "text/html; charset=utf-8"}),
        builder.get_request(),
    )
    builder.close()
    check_page(shown)


def _is_of_a_worker(request: Request) -> bool:
    """Whether a page's service worker asked, which belongs to no frame."""
    if request.is_navigation_request():
        return False
    try:
        return request.frame is None
    except WorkersError as error:
        return "Service Worker" in error.message
