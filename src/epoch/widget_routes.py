"""Builds the public routes under ``/widget`` that the phone on customers' pages calls."""

from collections.abc import Callable

from litestar.handlers import ASGIRouteHandler

from calls.agent_identification import AgentIdentification
from calls.greetings.audio_urls import AudioUrls
from calls.greetings.phone_endpoints import VoicemailDropHandler, VoicemailDropRequest, VoicemailGreetingsHandler
from calls.greetings.voicemail_drop import VoicemailDropper
from calls.incoming.phone_endpoint import MissedCallsHandler, MissedCallsRequest
from calls.outcomes import phone_endpoint
from calls.recent_calls import RecentCallsHandler
from calls.tenant_lookup import CallLookup
from carrier.access_token import AccessTokenSigner
from carrier.port import Carrier
from kit.db.database import Database
from kit.http.security_headers import SecurityHeaders
from kit.settings import Settings
from widget.exchange import ExchangeHandler
from widget.last_used import EmbedTokenUseWriter
from widget.public_endpoint import MAX_BODY_BYTES, WidgetRequestHandler, public_endpoint
from widget.status import StatusHandler
from widget.tickets import Tickets
from widget.token_auth import AnyWidgetRequest, TokenAuthenticator, WidgetRequest


def build_phone_endpoints(
    settings: Settings,
    database: Database,
    carrier: Carrier,
    authenticator: TokenAuthenticator,
    uses: EmbedTokenUseWriter,
    audio_urls: AudioUrls,
    *,
    count: Callable[[str], None],
) -> list[ASGIRouteHandler]:
    """Build the routes; ``public_endpoint`` gets ``count``, which counts requests."""
    tickets, headers = Tickets(settings.secret_keys), SecurityHeaders(settings)
    agent_identification = AgentIdentification(settings.secret_keys)
    signer = AccessTokenSigner(settings.twilio, ttl=settings.access_token_ttl)
    dropper = VoicemailDropper(database, carrier, audio_urls)

    def endpoint(
        name: str,
        handler: WidgetRequestHandler[AnyWidgetRequest],
        request_type: type[AnyWidgetRequest],
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> ASGIRouteHandler:
        return public_endpoint(
            f"/widget/{name}",
            authenticator,
            handler,
            count,
            headers,
            request_type=request_type,
            max_body_bytes=max_body_bytes,
        )

    exchange = ExchangeHandler(signer, tickets, uses, signaling=carrier.signaling, edges=carrier.edges)
    outcome = phone_endpoint.OutcomeHandler(database)
    return [
        endpoint("exchange", exchange, WidgetRequest),
        endpoint("status", StatusHandler(CallLookup(database)), WidgetRequest),
        endpoint("recent", RecentCallsHandler(database, agent_identification), WidgetRequest),
        endpoint("outcome", outcome, phone_endpoint.OutcomeRequest, max_body_bytes=phone_endpoint.MAX_BODY_BYTES),
        endpoint("missed-calls", MissedCallsHandler(database, agent_identification), MissedCallsRequest),
        endpoint("voicemail-greetings", VoicemailGreetingsHandler(database, agent_identification), WidgetRequest),
        endpoint("voicemail-drop", VoicemailDropHandler(database, dropper, agent_identification), VoicemailDropRequest),
    ]
