"""Columns of upgrade requests for the back office's lists: organization, its plan, and the person who asked.

They are subqueries and deferred: only a query that names them reads them.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import column_property

from accounts.models import User
from tenants.models import Organization, UpgradeRequest

_ORGANIZATION = Organization.id == UpgradeRequest.organization_id
_REQUESTER = User.id == UpgradeRequest.requested_by

_QUERIES: Mapping[str, sa.Select[Any]] = {
    "organization_name": sa.select(Organization.name).where(_ORGANIZATION),
    "present_plan": sa.select(Organization.plan).where(_ORGANIZATION),
    "requester_name": sa.select(User.name).where(_REQUESTER),
    "requester_email": sa.select(User.email).where(_REQUESTER),
}
for _name, _query in _QUERIES.items():
    UpgradeRequest.__mapper__.add_property(_name, column_property(_query.scalar_subquery(), deferred=True))
UPGRADE_REQUEST_NAMES = tuple(_QUERIES)
"""The names of the added columns."""
