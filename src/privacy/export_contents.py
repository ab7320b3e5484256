"""The tables and columns of an organization's data export, and the text of its README."""

from typing import Any

from calls.greetings.models import GreetingAudio, VoicemailGreeting
from calls.incoming.models import Voicemail
from calls.outcomes.models import CallChange
from crm.models import HubSpotCall, HubSpotConnection
from phone_numbers.models import RegisteredAddress, RegulatoryBundle
from tenants.models import ApiKey, Invitation, PhoneNumber, VerifiedNumber
from widget.models import BlockedOrigin, EmbedToken

EXPORTED_TABLES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("invitations.csv", Invitation, ("id", "email", "role", "created_at", "expires_at", "accepted_at", "revoked_at")),
    ("phone_numbers.csv", PhoneNumber, ("id", "e164", "created_at", "released_at")),
    ("verified_numbers.csv", VerifiedNumber, ("id", "e164", "name", "state", "requested_at", "checked_at")),
    (
        "addresses.csv",
        RegisteredAddress,
        ("id", "country", "customer_name", "street", "city", "region", "postal_code", "state", "created_at"),
    ),
    ("identity_documents.csv", RegulatoryBundle, ("id", "country", "created_at")),
    (
        "embed_tokens.csv",
        EmbedToken,
        (
            "id",
            "prefix",
            "label",
            "allowed_domains",
            "recent_calls",
            "created_at",
            "last_used_at",
            "last_origin",
            "revoked_at",
        ),
    ),
    (
        "voicemails.csv",
        Voicemail,
        ("id", "call_record_id", "seconds", "created_at", "heard_at", "transcript_status", "transcript"),
    ),
    ("recordings.csv", GreetingAudio, ("id", "name", "seconds", "created_at")),
    (
        "voicemail_greetings.csv",
        VoicemailGreeting,
        ("id", "membership_id", "name", "seconds", "created_at"),
    ),
    ("refused_pages.csv", BlockedOrigin, ("id", "token_id", "origin", "times", "last_seen_at")),
    ("api_keys.csv", ApiKey, ("id", "prefix", "label", "scope", "created_at", "last_used_at", "revoked_at")),
    ("hubspot_account.csv", HubSpotConnection, ("id", "portal_id", "created_at", "broken_at", "last_logged_at")),
    (
        "hubspot_calls.csv",
        HubSpotCall,
        ("id", "call_record_id", "state", "engagement_id", "reason", "created_at", "failed_at"),
    ),
    (
        "call_changes.csv",
        CallChange,
        ("id", "call_record_id", "created_at", "source", "author", "outcome", "note", "tags"),
    ),
)
"""File, model and columns of each table; other columns, such as digests and the carrier's ids, are not exported."""
EXPORT_README = """\
{name}: everything that Epoch Voice holds for this organization, {today} (UTC).

organization.json   the organization, and how long call data is kept
calling_rules.json  countries, limits, blocked numbers, and what was used
usage.json          calls, talk time (seconds) and billed minutes of each month, refused calls left out
addresses.csv       registered addresses of the numbers' user; identity_documents.csv the countries with approved ones
members.csv, invitations.csv, phone_numbers.csv, embed_tokens.csv, refused_pages.csv, api_keys.csv
calls.csv           every call; cost_micros is in millionths of a US dollar, an estimate unless is_carriers_price;
                    carriers_price_micros is the carrier's own price, in millionths of carriers_price_currency
call_changes.csv    who changed outcome, note or tags of a call; call_record_id is its id in calls.csv
call_events.csv     what happened in each call; call is its id in calls.csv
incoming_calls.json the answer to calls to the numbers
recordings.csv, voicemail_greetings.csv
                    recorded greetings for incoming callers, and recordings for voicemail drops; the audio of each is
                    recordings/<id>.wav, and membership_id is the member to whom it belongs, by their id in members.csv
voicemails.csv      messages that callers left, by the ids of their calls, and their transcripts, if any;
                    the audio is at the carrier and in the dashboard
hubspot_account.csv the connected HubSpot account; hubspot_calls.csv the calls for HubSpot, by their ids in calls.csv
audit.csv           who changed what

Times are RFC 3339 in UTC, durations whole seconds, numbers E.164. In the CSV files an apostrophe is put before text
that a spreadsheet would take for a formula, but not before phone numbers. Tokens, keys and passwords are not exported,
because only their digests are stored.
"""
