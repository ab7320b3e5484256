"""Lists the controllers of the REST API and makes their router."""

from litestar import Response, Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from accounts.auth import SessionMiddleware
from accounts.controllers import SessionController
from calls.caller_id.controllers import CallerIdController
from calls.controllers import CallController, UsageController
from calls.greetings.controllers import GreetingAudioController, VoicemailDropController, VoicemailGreetingController
from calls.incoming.controllers import IncomingCallsController, NumberIncomingCallsController, VoicemailController
from calls.limits.controllers import CallingRulesController
from calls.outcomes.controllers import OutcomeController
from crm.controllers import HubSpotController
from events.controllers import EventController
from kit.http.csrf import CsrfMiddleware
from kit.http.data_age import data_age_middleware
from kit.http.json_body import check_json_body
from kit.http.query_parameters import page_query
from kit.http.tenant_concurrency import TenantConcurrencyMiddleware
from kit.settings import Settings
from phone_numbers.controllers import AddressController, PhoneNumberController
from phone_numbers.verified_numbers.controllers import VerifiedNumberController
from privacy.controllers import ErasureController, RetentionController
from tenants.api_keys.controllers import ApiKeyController
from tenants.audit_log.controllers import AuditController
from tenants.controllers import InvitationController, MemberController, OrganizationController
from webhooks.controllers import WebhookController
from widget.controllers import EmbedTokenController


def build_api(settings: Settings) -> Router:
    """Return the router of the REST API."""
    return Router(
        path="/api",
        route_handlers=[
            SessionController,
            OrganizationController,
            MemberController,
            InvitationController,
            PhoneNumberController,
            VerifiedNumberController,
            AddressController,
            EmbedTokenController,
            CallController,
            OutcomeController,
            UsageController,
            EventController,
            WebhookController,
            HubSpotController,
            CallerIdController,
            CallingRulesController,
            IncomingCallsController,
            NumberIncomingCallsController,
            VoicemailController,
            GreetingAudioController,
            VoicemailGreetingController,
            VoicemailDropController,
            RetentionController,
            ErasureController,
            ApiKeyController,
            AuditController,
        ],
        middleware=[
            TenantConcurrencyMiddleware,
            DefineMiddleware(CsrfMiddleware, secrets=settings.secret_keys, public_url=settings.public_url),
            DefineMiddleware(SessionMiddleware, public_url=settings.public_url),
            *data_age_middleware(settings),
        ],
        dependencies={"page_query": Provide(page_query, sync_to_thread=False)},
        before_request=check_json_body,
        after_request=_forbid_caching,
    )


def _forbid_caching(response: Response[object]) -> Response[object]:
    """Forbid caches to store the response, which is for one person."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
