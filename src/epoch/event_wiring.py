"""Builds the background services for events, webhooks and HubSpot, and the checks of new webhook URLs and tokens."""

from calls.event_data import call_info_of_row
from calls.models import Call
from crm.broken_connections import BrokenConnectionNotifier
from crm.call_sync import HubSpotCallSync
from crm.hubspot_api import HubSpotApi
from crm.queueing import queue_calls
from crm.services import token_encryptor
from crm.token_check import TokenCheck
from events.sequencer import EventSequencer
from kit.db.database import Database
from kit.jobs.scheduler import BackgroundService
from kit.mail import Mailer
from kit.settings import Settings
from webhooks.automatic_pause import WebhookPauser
from webhooks.deliverer import WebhookDeliverer
from webhooks.fan_out import queue_deliveries
from webhooks.receiver_check import ReceiverCheck
from webhooks.resolver import DnsResolver
from webhooks.sender import WebhookSender
from webhooks.signatures import secret_encryptor


def build_event_services(settings: Settings, job_database: Database, mailer: Mailer) -> tuple[BackgroundService, ...]:
    """Build the services that assign sequence numbers to events, deliver webhooks and write calls into HubSpot.

    ``job_database`` must see all organizations.
    """
    pauser = WebhookPauser(mailer.send_after_commit, settings.public_url)
    notifier = BrokenConnectionNotifier(mailer.send_after_commit, settings.public_url)
    return (
        EventSequencer(job_database, {Call.__tablename__: call_info_of_row}, [queue_deliveries, queue_calls]),
        WebhookDeliverer(
            job_database,
            WebhookSender(DnsResolver(), is_sandbox=settings.is_sandbox),
            secret_encryptor(settings.secret_keys),
            pause=pauser.pause,
        ),
        HubSpotCallSync(
            job_database,
            HubSpotApi(settings.hubspot_url),
            token_encryptor(settings.secret_keys),
            break_connection=notifier.mark_broken,
        ),
    )


def build_receiver_check(settings: Settings) -> ReceiverCheck:
    """Build the check of receivers' URLs, which runs when a URL is saved."""
    return ReceiverCheck(DnsResolver(), is_sandbox=settings.is_sandbox)


def build_token_check(settings: Settings) -> TokenCheck:
    """Build the check of HubSpot's tokens, which runs when a token is saved."""
    return TokenCheck(HubSpotApi(settings.hubspot_url))
