"""Lists the handlers of all HTML pages and makes their router."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from dashboard import (
    account_settings,
    auth_pages,
    home,
    invitation_reports,
    invitations,
    organizations,
    passkey_pages,
    password_reset_pages,
    public_pages,
    second_factor_pages,
)
from dashboard import settings as settings_pages
from dashboard.api_keys import ApiKeyPages
from dashboard.api_reference import api_reference
from dashboard.audit_log import audit_log
from dashboard.call_backs import CallBackPages
from dashboard.call_remarks import change_remarks
from dashboard.calling_rules import CallingRulePages
from dashboard.calls import CallPages
from dashboard.embed_tokens import EmbedTokenPages
from dashboard.from_numbers import FromNumberPages
from dashboard.greeting_recordings import GreetingRecordingPages
from dashboard.hubspot import HubSpotPages
from dashboard.incoming_calls import IncomingCallPages
from dashboard.kits import download_kit
from dashboard.missed_call_mails import MissedCallMailPages
from dashboard.number_incoming_settings import NumberIncomingSettingsPages
from dashboard.number_names import NumberNamePages
from dashboard.outcomes import OutcomePages
from dashboard.overview import overview
from dashboard.phone_numbers import PhoneNumberPages
from dashboard.registered_addresses import AddressPages
from dashboard.router import page_router
from dashboard.team import TeamPages
from dashboard.token_domains import allow_extension
from dashboard.upgrades import request_upgrade
from dashboard.usage import usage_page
from dashboard.verified_numbers import VerifiedNumberPages
from dashboard.voicemail_drops import VoicemailDropPages
from dashboard.voicemail_greetings import VoicemailGreetingPages
from dashboard.voicemails import VoicemailPages
from dashboard.webhooks import WebhookPages
from kit.settings import Settings


def build_pages(settings: Settings) -> Router:
    """Return the router of all HTML pages."""
    handlers: list[ControllerRouterHandler] = [
        home.landing_page,
        *public_pages.HANDLERS,
        api_reference,
        home.redirect_to_organization,
        *auth_pages.HANDLERS,
        *password_reset_pages.HANDLERS,
        *account_settings.HANDLERS,
        *second_factor_pages.HANDLERS,
        *passkey_pages.HANDLERS,
        overview,
        CallPages,
        change_remarks,
        VoicemailDropPages,
        CallBackPages,
        MissedCallMailPages,
        VoicemailPages,
        VoicemailGreetingPages,
        *settings_pages.HANDLERS,
        FromNumberPages,
        NumberNamePages,
        PhoneNumberPages,
        AddressPages,
        EmbedTokenPages,
        download_kit,
        CallingRulePages,
        IncomingCallPages,
        GreetingRecordingPages,
        NumberIncomingSettingsPages,
        OutcomePages,
        ApiKeyPages,
        WebhookPages,
        HubSpotPages,
        usage_page,
        audit_log,
        TeamPages,
        VerifiedNumberPages,
        *organizations.HANDLERS,
        allow_extension,
        request_upgrade,
        *invitations.HANDLERS,
        *invitation_reports.HANDLERS,
    ]
    return page_router(settings, handlers)
