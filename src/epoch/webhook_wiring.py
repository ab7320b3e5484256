"""Builds the parts of the event log, of webhooks and of the HubSpot sync."""

from calls.event_data import call_of_row
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


def build_event_jobs(settings: Settings, jobs: Database, mailer: Mailer) -> tuple[BackgroundService, ...]:
    """The background services that number events, deliver webhooks and write calls into HubSpot.

    ``jobs`` must see all organizations.
    """
    pauser = WebhookPauser(mailer.send_after_commit, settings.public_url)
    notifier = BrokenConnectionNotifier(mailer.send_after_commit, settings.public_url)
    return (
        EventSequencer(jobs, {Call.__tablename__: call_of_row}, [queue_deliveries, queue_calls]),
        WebhookDeliverer(
            jobs,
            WebhookSender(DnsResolver(), is_sandbox=settings.is_sandbox),
            secret_encryptor(settings.secret_keys),
            pause=pauser.pause,
        ),
        HubSpotCallSync(
            jobs,
            HubSpotApi(settings.hubspot_url),
            token_encryptor(settings.secret_keys),
            break_connection=notifier.mark_broken,
        ),
    )


def build_receiver_check(settings: Settings) -> ReceiverCheck:
    """The check of receivers' URLs when they are saved."""
    return ReceiverCheck(DnsResolver(), is_sandbox=settings.is_sandbox)


def build_token_check(settings: Settings) -> TokenCheck:
    """The check of HubSpot's tokens when they are saved."""
    return TokenCheck(HubSpotApi(settings.hubspot_url))
