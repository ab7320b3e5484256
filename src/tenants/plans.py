"""Plans and their features."""

import enum


class Plan(enum.StrEnum):
    """The plan that an organization pays for."""

    STARTER = "starter"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


UPGRADE_PLAN = Plan.PRO
"""The smallest plan with widgets: what an owner on a smaller one requests."""
WIDGET_PLANS = frozenset({Plan.PRO, Plan.BUSINESS, Plan.ENTERPRISE})
