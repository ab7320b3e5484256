"""Public pages other than the landing page: plans and prices, terms, privacy notice, contact."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.datastructures import State

from calls.limits import limit_names as names
from calls.limits.effective_limits import CEILING_FACTORS
from calls.limits.limit_names import DEFAULT_LIMITS
from calls.limits.limit_table import format_amount, limit_label
from dashboard.pages import page_headers, render
from kit.http.app_key import SETTINGS
from kit.money import Money
from tenants.plans import WIDGET_PLANS, Plan

Visit = Request[Any, Any, State]
PLANS_PATH, TERMS_PATH, PRIVACY_PATH, CONTACT_PATH = "/plans", "/terms", "/privacy", "/contact"
_SHOWN_LIMITS = (
    names.LIVE_CALLS,
    names.CALLS_PER_MINUTE,
    names.CALLS_PER_DAY,
    names.MINUTES_PER_MONTH,
    names.CENTS_PER_DAY,
    names.CENTS_PER_MONTH,
)


class PlanCard(msgspec.Struct, frozen=True):
    """One plan on the page of plans."""

    plan: Plan
    price: Money | None
    """Price per month; None if the settings have none."""
    has_phone: bool
    """True if the plan includes phone numbers, embed tokens and calls."""
    limits: Sequence[tuple[str, str]]
    """Label and highest value of each limit that an organization on this plan may set."""


def plan_cards(prices: Mapping[str, Money]) -> list[PlanCard]:
    """All plans, smallest first; the limits are those that the call admission applies."""
    return [
        PlanCard(plan, prices.get(plan.value), plan in WIDGET_PLANS, _limits(plan) if plan in WIDGET_PLANS else ())
        for plan in Plan
    ]


def _limits(plan: Plan) -> list[tuple[str, str]]:
    shown = []
    for name in _SHOWN_LIMITS:
        value = DEFAULT_LIMITS[name] * CEILING_FACTORS[plan]
        shown.append((limit_label(name), format_amount(name, value)))
    return shown


@get(PLANS_PATH)
async def plans_page(request: Visit) -> Response[str]:
    settings = SETTINGS.get(request.app)
    return render(request, "public/plans.html", plans=plan_cards(settings.plan_prices))


@get(TERMS_PATH)
async def terms_page(request: Visit) -> Response[str]:
    return _redirect_to_operator_page(
        request, SETTINGS.get(request.app).terms_url, "Terms of service", "EPOCH_TERMS_URL"
    )


@get(PRIVACY_PATH)
async def privacy_page(request: Visit) -> Response[str]:
    return _redirect_to_operator_page(
        request, SETTINGS.get(request.app).privacy_url, "Privacy notice", "EPOCH_PRIVACY_URL"
    )


@get(CONTACT_PATH)
async def contact_page(request: Visit) -> Response[str]:
    return render(request, "public/contact.html", has_contact_email=SETTINGS.get(request.app).contact_email is not None)


HANDLERS = (plans_page, terms_page, privacy_page, contact_page)


def _redirect_to_operator_page(request: Visit, url: str | None, title: str, setting: str) -> Response[str]:
    """Redirect to the operator's page at ``url``; without it, show a page that names the missing setting."""
    if url is None:
        return render(request, "public/missing_text.html", title=title, setting=setting)
    headers = {**page_headers(SETTINGS.get(request.app)), "Location": url}
    return Response("", status_code=302, media_type=MediaType.HTML, headers=headers)
