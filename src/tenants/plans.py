"""The plans that organizations pay for, and the set of plans that include widgets."""

import enum


class Plan(enum.StrEnum):
    """The plan that an organization pays for."""

    STARTER = "starter"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


UPGRADE_PLAN = Plan.PRO
"""The smallest plan with widgets: the plan that owners on a smaller plan request."""
WIDGET_PLANS = frozenset({Plan.PRO, Plan.BUSINESS, Plan.ENTERPRISE})
