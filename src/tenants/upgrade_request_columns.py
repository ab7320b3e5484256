"""Computed columns of upgrade requests for the back office: name and plan of the organization, name and e-mail of the
requester. Importing this module adds them to the model.

They are deferred subqueries, so only queries that list them read them.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import column_property

from accounts.models import User
from tenants.models import Organization, UpgradeRequest

_IS_ORGANIZATION = Organization.id == UpgradeRequest.organization_id
_IS_REQUESTER = User.id == UpgradeRequest.requested_by

_QUERIES: Mapping[str, sa.Select[Any]] = {
    "organization_name": sa.select(Organization.name).where(_IS_ORGANIZATION),
    "present_plan": sa.select(Organization.plan).where(_IS_ORGANIZATION),
    "requester_name": sa.select(User.name).where(_IS_REQUESTER),
    "requester_email": sa.select(User.email).where(_IS_REQUESTER),
}
for _name, _query in _QUERIES.items():
    UpgradeRequest.__mapper__.add_property(_name, column_property(_query.scalar_subquery(), deferred=True))
UPGRADE_REQUEST_COLUMNS = tuple(_QUERIES)
"""The names of the added columns."""
