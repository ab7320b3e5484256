"""Imports the models of every package, so that migrations find all tables in the metadata."""

import accounts.models
import admin.models
import calls.greetings.models
import calls.incoming.models
import calls.limits.models
import calls.models
import calls.outcomes.models
import calls.reconciliation.models
import carrier.health
import crm.models
import events.models
import kit.audit
import kit.counters
import kit.db.rate_limit
import kit.deployment
import kit.jobs.models
import phone_numbers.models
import tenants.models
import webhooks.models
import widget.models
from kit.db.model import Base

MODEL_MODULES = (
    accounts.models,
    admin.models,
    carrier.health,
    kit.audit,
    kit.counters,
    kit.deployment,
    kit.jobs.models,
    kit.db.rate_limit,
    tenants.models,
    events.models,
    phone_numbers.models,
    calls.greetings.models,
    calls.incoming.models,
    calls.limits.models,
    calls.reconciliation.models,
    calls.models,
    calls.outcomes.models,
    widget.models,
    webhooks.models,
    crm.models,
)
"""Modules whose import registers their tables in the metadata."""

metadata = Base.metadata
