"""Plans and what each one includes."""

import enum


class Plan(enum.StrEnum):
    """What an organization pays for."""

    STARTER = "starter"
    PRO = "pro"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


WIDGET_PLANS = frozenset({Plan.PRO, Plan.BUSINESS, Plan.ENTERPRISE})
