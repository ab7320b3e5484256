"""Reads the guides' examples, registers the tests that run them, and bundles or renders them as pages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from anyio import run_process

from guide.guide_source import GUIDES
from support.browser.product import Customer
from support.local_http import local_client

FRONTEND = Path(__file__).resolve().parents[3] / "frontend"
EXAMPLE = re.compile(r"^```\w+ ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Test = TypeVar("Test", bound=Callable[..., Any])
ran: set[str] = set()
"""The names of the examples that tests run."""


def runs(*names: str) -> Callable[[Test], Test]:
    """Decorator for the test that runs the examples ``names``."""
    ran.update(names)
    return lambda test: test


async def examples(customer: Customer) -> dict[str, str]:
    """The examples of the product's guides, by name, with the customer's token in place of the placeholder."""
    async with local_client(base_url=customer.product.url) as client:
        markdown = "\n".join([(await client.get(f"/docs/{name}/llm.md")).text for name in GUIDES])
    filled = markdown.replace("ept_YOUR_TOKEN_HERE", customer.token.raw).replace("TOKEN_ID", str(customer.token.id))
    found = EXAMPLE.findall(filled)
    assert len(dict(found)) == len(found), "two examples have the same name"
    return dict(found)


async def example(customer: Customer, name: str) -> str:
    """One example of the guides."""
    return (await examples(customer))[name]


async def bundle(entry: Path, *platform: str) -> str:
    """The script that the framework's bundler makes of ``entry``; with the platform ``server``, its output."""
    return (await run_process(["node", "tests/guides/bundle.mjs", str(entry), *platform], cwd=FRONTEND)).stdout.decode()


async def render_liquid(template: str, values: dict[str, Any]) -> str:
    """The page that LiquidJS renders from ``template``."""
    template_and_values = json.dumps({"template": template, "values": values}).encode()
    return (
        await run_process(["node", "tests/guides/render-liquid.mjs"], cwd=FRONTEND, input=template_and_values)
    ).stdout.decode()
