"""Fixtures of browser tests: the browsers, the running product and customers' pages with the phone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright, expect

from support.browser.chromium import find_chromium, find_headless_shell
from support.browser.firefox import start_firefox
from support.browser.host_site import HostSite, serving_pages, widget_tag
from support.browser.phone import PATIENCE, WATCH, Phone
from support.browser.product import Customer, Product, running_product
from support.local_http import local_client
from support.locks import exclusive

SPEED = "5"
"""Most tests do not need the sandbox's real waits."""
SHORT_TOKEN_SECONDS = 10
EXTRA_ARGUMENTS = (
    "--allow-loopback-in-peer-connection",  # a machine without a network has no other address
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",  # nothing leaves the machine
)
FAILED = pytest.StashKey[bool]()
expect.set_options(timeout=PATIENCE * 1000)

SetSwitches = Callable[..., Awaitable[None]]
NewBrowser = Callable[..., Awaitable[Browser]]


class OpenPage(Protocol):
    """Opens any page and watches it; ``browser`` and ``context`` replace the shared browser and its settings."""

    async def __call__(
        self,
        url: str,
        product: Product,
        *,
        customer: Customer | None = None,
        browser: Browser | None = None,
        prepare: Callable[[BrowserContext], Awaitable[None]] | None = None,
        **context: Any,
    ) -> Phone: ...


class OpenPhone(Protocol):
    """Opens a page of another origin with the customer's phone on it; the rest goes to ``OpenPage``."""

    async def __call__(
        self,
        customer: Customer,
        *,
        token: str | None = None,
        attributes: str = "",
        body: str = "",
        head: str = "",
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Phone: ...


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked ``every_browser`` once in each."""
    if metafunc.definition.get_closest_marker("every_browser"):
        engines = ["chromium", pytest.param("firefox", marks=pytest.mark.firefox)]
        metafunc.parametrize("engine", engines, indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call":
        item.stash[FAILED] = call.excinfo is not None
    return report


@pytest.fixture(scope="session")
async def product(
    new_migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """The product with quick far ends."""
    folder = tmp_path_factory.mktemp("product")
    async with running_product(new_migrated_database(), folder, EPOCH_SANDBOX_SPEED=SPEED) as running:
        yield running


@pytest.fixture(scope="session")
async def short_token_product(
    new_migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    """A product whose access tokens live for ``SHORT_TOKEN_SECONDS``."""
    settings = {"EPOCH_ACCESS_TOKEN_TTL": str(SHORT_TOKEN_SECONDS), "EPOCH_SANDBOX_SPEED": SPEED}
    async with running_product(new_migrated_database(), tmp_path_factory.mktemp("short-tokens"), **settings) as running:
        yield running


@pytest.fixture
async def customer(product: Product) -> Customer:
    """An organization that can place calls."""
    return await product.customer()


@pytest.fixture
async def set_switches(product: Product) -> AsyncIterator[SetSwitches]:
    """Sets the sandbox's switches until the end of the test."""
    async with local_client(product.carrier) as client:

        async def put(**switches: Any) -> None:
            (await client.put("/sandbox/switches", json=switches)).raise_for_status()

        yield put
        (await client.delete("/sandbox/switches")).raise_for_status()


@pytest.fixture(scope="session")
def host_site() -> Iterator[HostSite]:
    with serving_pages() as site:
        yield site


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest.fixture(scope="session")
async def full_chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """Full Chromium without a display, with a fake microphone that pages may always use."""
    launched = await playwright.chromium.launch(**launch_options())
    yield launched
    await launched.close()


@pytest.fixture(scope="session")
async def headless_shell(playwright: Playwright) -> AsyncIterator[Browser]:
    """Chromium's headless shell: the same engine without windows, with much less work for each context."""
    launched = await playwright.chromium.launch(**launch_options(is_full=False))
    yield launched
    await launched.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Browser:
    """The Chromium that tests share: the headless shell, or full Chromium for tests that need it."""
    shared: Browser = request.getfixturevalue("full_chromium" if _needs_full_chromium(request) else "headless_shell")
    return shared


@pytest.fixture(scope="session")
async def firefox(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """The Firefox that tests marked ``every_browser`` share."""
    launched = await start_firefox(playwright, tmp_path_factory.mktemp("firefox"))
    yield launched
    await launched.close()


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """``chromium``, or ``firefox`` in the second run of a test marked ``every_browser``."""
    return getattr(request, "param", "chromium")


@pytest.fixture
def shared_browser(request: pytest.FixtureRequest, engine: str) -> Browser:
    shared: Browser = request.getfixturevalue("firefox" if engine == "firefox" else "browser")
    return shared


@pytest.fixture
async def new_browser(request: pytest.FixtureRequest, playwright: Playwright) -> AsyncIterator[NewBrowser]:
    """Starts another process of the Chromium that ``browser`` is.

    ``without`` names arguments to leave out, also of Playwright's own ones; ``more`` are further arguments.
    """
    launched: list[Browser] = []

    async def launch(*, without: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> Browser:
        options = launch_options(is_full=_needs_full_chromium(request))
        options["ignore_default_args"] = list(without)
        options["args"] = [argument for argument in options["args"] if argument not in without] + [*more]
        launched.append(await playwright.chromium.launch(**options))
        return launched[-1]

    yield launch
    for started in launched:
        await started.close()


@pytest.fixture
async def open_page(request: pytest.FixtureRequest, shared_browser: Browser, tmp_path: Path) -> AsyncIterator[OpenPage]:
    opened: list[Phone] = []

    async def open_page(
        url: str,
        product: Product,
        *,
        customer: Customer | None = None,
        browser: Browser | None = None,
        prepare: Callable[[BrowserContext], Awaitable[None]] | None = None,
        **context: Any,
    ) -> Phone:
        entered = await (browser or shared_browser).new_context(**context)
        await entered.add_init_script(path=WATCH)
        if prepare is not None:
            await prepare(entered)
        phone = Phone(await entered.new_page(), product, customer)
        opened.append(phone)
        await phone.page.goto(url)
        return phone

    yield open_page
    for index, phone in enumerate(opened):
        if request.node.stash.get(FAILED, True):
            await _show(phone, tmp_path / f"page-{index}.png")
        await phone.page.context.close()


@pytest.fixture
def open_phone(open_page: OpenPage, host_site: HostSite) -> OpenPhone:
    async def open_phone(
        customer: Customer,
        *,
        token: str | None = None,
        attributes: str = "",
        body: str = "",
        head: str = "",
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Phone:
        tag = widget_tag(customer.product.url, token or customer.token.raw, attributes)
        url = host_site.page(body + tag, head=head, headers=headers)
        return await open_page(url, customer.product, customer=customer, **options)

    return open_phone


def launch_options(*, is_full: bool = True) -> dict[str, Any]:
    """The options for ``chromium.launch``: of full Chromium, or of the headless shell."""
    with exclusive("chromium"):  # one test process installs it, the others wait and find it
        options = find_chromium() if is_full else find_headless_shell()
    return {**options, "args": [*options["args"], *EXTRA_ARGUMENTS]}


def _needs_full_chromium(request: pytest.FixtureRequest) -> bool:
    """True for tests of what the headless shell lacks, and for those that run in every browser."""
    return any(request.node.get_closest_marker(name) for name in ("full_chromium", "every_browser"))


async def _show(phone: Phone, picture: Path) -> None:
    """Print the page's state after a failed test, and save a screenshot."""
    await phone.page.screenshot(path=picture)
    lines = (f"screenshot: {picture}", "console:", *phone.console, "events:", *map(str, await phone.events()))
    print(*lines, sep="\n")  # noqa: T201 - pytest shows it with the failure
