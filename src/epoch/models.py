"""Every room's models, for migrations."""

import accounts.models
import admin.models
import carrier.health
import kit.audit
import kit.measures
import kit.outbox
import kit.throttle
import tenants.models
import tenants.numbers.differences
import voice.calling.models
import voice.comparison.models
import voice.models
import widget.models
from kit.model import Base

ROOMS = (
    accounts.models,
    admin.models,
    carrier.health,
    kit.audit,
    kit.measures,
    kit.outbox,
    kit.throttle,
    tenants.models,
    tenants.numbers.differences,
    voice.calling.models,
    voice.comparison.models,
    voice.models,
    widget.models,
)
"""Importing a room's models is what puts its tables into the metadata."""

metadata = Base.metadata
