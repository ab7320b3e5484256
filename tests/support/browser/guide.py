"""The guide's examples as text, and the registry of the tests that run them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from support.browser.product import Customer

FRONTEND = Path(__file__).resolve().parents[3] / "frontend"
EXAMPLE = re.compile(r"^```\w+ ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Test = TypeVar("Test", bound=Callable[..., Any])
ran: set[str] = set()
"""The examples that tests run, by name."""


def runs(*names: str) -> Callable[[Test], Test]:
    """Decorator for the test that runs the examples ``names``."""
    ran.update(names)
    return lambda test: test


async def examples(customer: Customer) -> dict[str, str]:
    """The examples of the product's guide, by name, with the customer's token in place of the placeholder."""
    async with httpx.AsyncClient(base_url=customer.product.url) as client:
        markdown = (await client.get("/docs/widget-integration/llm.md")).text
    filled = markdown.replace("ept_YOUR_TOKEN_HERE", customer.token.raw).replace("TOKEN_ID", str(customer.token.id))
    found = EXAMPLE.findall(filled)
    assert len(dict(found)) == len(found), "two examples have the same name"
    return dict(found)


async def example(customer: Customer, name: str) -> str:
    """One example of the guide."""
    return (await examples(customer))[name]
