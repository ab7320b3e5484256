"""The composition root: ``create_app`` makes every object once and puts the packages' routes into one application."""

from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import ASGIRouteHandler
from litestar.types import ControllerRouterHandler

from accounts.account_services import ACCOUNT_SERVICES, build_account_services
from accounts.auth import provide_user_context
from accounts.passwords import Passwords
from admin.back_office import BACK_OFFICE
from admin.mount import admin_route
from calls.agent_identification import AgentIdentification
from calls.callback_signatures import CALLBACK_SIGNATURES, CallbackSignatures
from calls.carrier_callbacks import CarrierCallbackController
from calls.carrier_usage_alerts import USAGE_ALERT_RECORDER, UsageAlertRecorder
from calls.direct_callbacks import direct_callbacks
from calls.event_recorder import CALL_EVENT_RECORDER, CallEventRecorder
from calls.greetings.audio_decoder import AUDIO_DECODER, AudioDecoder
from calls.greetings.audio_urls import AUDIO_URLS, AudioUrls
from calls.greetings.carrier_callbacks import played_audio
from calls.incoming.answerer import CALL_ANSWERER, CallAnswerer
from calls.incoming.carrier_callbacks import IncomingCallbackController
from calls.incoming.transcription_jobs import TranscriptionFetcher
from calls.incoming.voicemail_recorder import VoicemailMailer
from calls.limits.admission import CALL_ADMISSION, CallAdmission
from calls.limits.alert_mails import ALERT_MAILER, AlertMailer
from calls.limits.prices import PRICE_LIST, load_price_list
from calls.tenant_lookup import TenantResolver
from calls.termination import CallTerminator
from carrier.health import CARRIER_HEALTH, CarrierHealthReporter
from carrier.port import CARRIER, Carrier
from crm.controllers import HUBSPOT_ENCRYPTOR
from crm.services import token_encryptor
from crm.token_check import TOKEN_CHECK
from dashboard.problem_pages import UNROUTED_HANDLERS
from demo.controllers import demo_router
from epoch.admin_wiring import build_themed_back_office
from epoch.api_routes import build_api
from epoch.backlogs import BACKLOGS, Backlogs
from epoch.call_jobs import (
    build_daily_reconciliation_job,
    build_digest_job,
    build_price_job,
    build_retention_job,
    build_stuck_call_job,
)
from epoch.carrier_factory import build_carrier
from epoch.cli.seed import read_demo_token
from epoch.direct_routes import Application
from epoch.event_wiring import build_event_services, build_receiver_check, build_token_check
from epoch.health import health_router
from epoch.lifespan import build_lifespan
from epoch.openapi import openapi_config
from epoch.page_routes import build_pages
from epoch.partition_job import PARTITIONS, PartitionCheck, build_partition_job
from epoch.phone_number_jobs import (
    build_number_provisioning,
    build_number_reconciliation_jobs,
    incoming_urls,
    verification_url,
)
from epoch.process_role import ProcessRole
from epoch.purge_rules import build_purge_job
from epoch.readiness import READINESS, Readiness
from epoch.replica_wiring import build_replica
from epoch.security_txt import security_txt_router
from epoch.widget_routes import build_phone_endpoints
from guide.controllers import guide_router
from integrations.controllers import integrations_router
from integrations.kits import INTEGRATION_KITS, KitBuilder
from kit.counters import CounterBuffer
from kit.db.connections import share_connections
from kit.db.connector import Connector
from kit.db.database import ADMIN_ROLE, REQUEST_ROLE, STAFF_ROLE, Database
from kit.db.reading_session import ReadingSessionFactory
from kit.deployment import installation_url
from kit.environment import SettingsError
from kit.http.app_key import (
    DATABASE,
    EXPORT_DATABASE,
    EXPORT_READING_SESSIONS,
    JOB_QUEUE,
    MAILER,
    READ_REPLICA,
    READING_SESSIONS,
    SETTINGS,
)
from kit.http.client_ip_address import ClientIpAddressResolver
from kit.http.compression import COMPRESSION
from kit.http.json_body import BODY_BYTES
from kit.http.pacing import Pacing
from kit.http.problems import EXCEPTION_HANDLERS
from kit.http.rate_limit import RATE_LIMITER, build_rate_limiter
from kit.http.security_headers import SecurityHeaders
from kit.http.sessions import provide_reading_session, provide_tenant_session, provide_user_session
from kit.http.tenant_concurrency import TENANT_CONCURRENCY, TenantConcurrency
from kit.jobs.queue import JobQueue
from kit.jobs.scheduler import BackgroundService
from kit.mail import build_mailer
from kit.product_files import BUILT_FRONTEND
from kit.settings import Settings
from kit.version import VERSION
from phone_numbers.provisioning import NUMBER_PROVISIONING
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.number_erasure_job import NUMBER_ERASURE, NumberErasureJob
from tenants.api_keys.auth import API_KEYS, ApiKeyAuthenticator
from tenants.auth import provide_tenant_context
from tenants.mails import UPGRADE_REQUEST_RECIPIENTS
from webhooks.controllers import WEBHOOK_ENCRYPTOR
from webhooks.receiver_check import RECEIVER_CHECK
from webhooks.signatures import secret_encryptor
from widget.assets import ASSET_MANIFEST, asset_handler, release_file_router
from widget.blocked_origins import BLOCKED_ORIGINS, BlockedOriginWriter
from widget.built_files import integrity_of, load_assets, load_manifest, pinned_script
from widget.last_used import EmbedTokenUseWriter
from widget.pop_out import pop_out_router
from widget.release_files import ReleaseFiles
from widget.request_metrics import count_widget_requests
from widget.tickets import Tickets
from widget.token_auth import TokenAuthenticator

WARM_CONNECTIONS = 4
"""Connections that are opened before the first call: a hundred calls a second keep two or three busy."""
JOB_WAIT_SECONDS = 30.0
"""The time that a job or an export waits for a connection: nobody waits for a job, and an export takes long anyway."""
BUSY_ORGANIZATION_WAIT_FACTOR = 2
"""A request of an organization with many requests waits up to this many times as long as others for a connection."""


def create_app(
    settings: Settings,
    *,
    role: ProcessRole = ProcessRole.RUN,
    database: Database | None = None,
    carrier: Carrier | None = None,
    passwords: Passwords | None = None,
    dist: Path = BUILT_FRONTEND,
) -> Litestar:
    """Make the application of one role. Tests pass a ``database``, ``carrier`` and ``passwords`` of their own.

    Raises:
        SettingsError: there is no database to use.
        AssetsMissing: the frontend is not built.
    """
    shares = share_connections(settings.database_connections)
    if database is None:
        if settings.database_url is None:
            raise SettingsError("EPOCH_DATABASE_URL is not set: `epoch run` starts the embedded database and sets it")
        database = Database(
            Connector(settings.database_url, by_transaction=settings.is_pooled_by_transaction),
            engine_connections=shares.requests,
            guard_connections=shares.guards,
            lookup_connections=shares.lookups,
            installation_url=installation_url(settings),
        )
    counters = CounterBuffer(database, publish=count_widget_requests)
    health = CarrierHealthReporter(database, counters)
    carrier = carrier or build_carrier(settings, health)
    token_uses, api_keys = EmbedTokenUseWriter(database), ApiKeyAuthenticator(database)
    blocked_origins = BlockedOriginWriter(database)
    job_database = database.for_role(
        ADMIN_ROLE,
        pool="jobs",
        engine_connections=shares.jobs,
        wait_seconds=JOB_WAIT_SECONDS,
        # The queue uses LISTEN, which does not work through a pooler in transaction mode.
        url=settings.database_direct_url,
    )
    staff_database = database.for_role(STAFF_ROLE, pool="staff", engine_connections=shares.staff)
    export_database = database.for_role(
        REQUEST_ROLE, pool="exports", engine_connections=shares.exports, wait_seconds=JOB_WAIT_SECONDS
    )
    replica = build_replica(settings, database) if role.answers_requests else None
    queue = JobQueue(job_database, settings.secret_keys)
    terminator = CallTerminator(job_database, carrier, queue)
    carrier_deletion = CarrierCallDeletion(queue, carrier, job_database)
    TranscriptionFetcher(queue, carrier, job_database)
    number_erasure = NumberErasureJob(queue, carrier_deletion, job_database)
    mailer = build_mailer(settings, queue)
    alert_mailer = AlertMailer(mailer.send_after_commit, settings.public_url)
    audio_urls = AudioUrls(settings.secret_keys, settings.public_url)
    voicemail_mailer = VoicemailMailer(mailer.send_after_commit, settings.public_url)
    tenants = TenantResolver(database)
    prices = load_price_list(settings.data_dir)
    admission = CallAdmission(
        database,
        tenants,
        AgentIdentification(settings.secret_keys),
        prices,
        alert_mailer,
    )
    background: tuple[BackgroundService, ...] = (
        counters,
        health,
        token_uses,
        api_keys.uses,
        blocked_origins,
        *(() if replica is None else (replica,)),
        *((queue, *build_event_services(settings, job_database, mailer)) if role.runs_jobs else ()),
    )
    for task in (
        build_purge_job(job_database),
        build_partition_job(settings.owner_url, job_database),
        build_stuck_call_job(
            settings, job_database, database, carrier, alert_mailer, terminator, voicemail_mailer, prices
        ),
        build_digest_job(job_database, mailer, settings.public_url),
        build_price_job(settings, job_database, carrier, alert_mailer),
        build_daily_reconciliation_job(settings, job_database, carrier, alert_mailer),
        build_retention_job(settings, job_database, carrier_deletion),
        *build_number_reconciliation_jobs(settings, job_database, carrier, counters.add),
    ):
        queue.add_periodic_task(task)
    assets = load_manifest(dist)
    accounts, provisioning = (
        build_account_services(settings, database, mailer, passwords or Passwords(settings.data_dir / "locks")),
        build_number_provisioning(
            database, carrier, urls=incoming_urls(settings), verification_url=verification_url(settings)
        ),
    )
    back_office = build_themed_back_office(
        settings, database, staff_database, accounts, mailer, carrier, provisioning, number_erasure, assets
    )

    readiness = Readiness(role)

    lifespan = build_lifespan(
        readiness,
        database,
        warm_connections=min(WARM_CONNECTIONS, shares.requests) if role.answers_requests else 0,
        background=background,
        closing=(carrier.close, back_office.stop, job_database.stop, export_database.stop, database.stop),
    )
    limiter = build_rate_limiter(settings.valkey_url, workers=settings.workers)
    phone_endpoints: list[ASGIRouteHandler] = []
    routes: list[ControllerRouterHandler] = [health_router]
    if role.answers_requests:
        files = load_assets(dist, public_url=settings.public_url)
        authenticator = TokenAuthenticator(
            settings, database, limiter, Tickets(settings.secret_keys), on_blocked=blocked_origins.add
        )
        phone_endpoints = build_phone_endpoints(
            settings, database, carrier, authenticator, token_uses, audio_urls, count=counters.add
        )
        routes += [
            *phone_endpoints,
            asset_handler(files),
            release_file_router(ReleaseFiles(database, settings.public_url)),
            CarrierCallbackController,
            IncomingCallbackController,
            played_audio,
            build_api(settings),
            build_pages(settings),
            demo_router(settings, assets, lambda: read_demo_token(settings)),
            guide_router(settings, assets, integrity_of(files[pinned_script(VERSION)])),
            integrations_router(settings, assets, database, limiter),
            pop_out_router(settings, assets),
            security_txt_router,
            admin_route(back_office),
        ]
    app = Application(
        route_handlers=routes,
        dependencies={
            "tenant_context": Provide(provide_tenant_context, sync_to_thread=False),
            "user_context": Provide(provide_user_context, sync_to_thread=False),
            "db_session": Provide(provide_tenant_session),
            "reading_session": Provide(provide_reading_session),
            "user_session": Provide(provide_user_session),
        },
        exception_handlers={**EXCEPTION_HANDLERS, **UNROUTED_HANDLERS},
        compression_config=COMPRESSION,
        lifespan=[lifespan],
        openapi_config=openapi_config(settings.public_url),
        logging_config=None,
        request_max_body_size=BODY_BYTES,
    )
    app.client_resolver = ClientIpAddressResolver(settings)
    app.security_headers = SecurityHeaders(settings)
    app.pacing = Pacing()
    app.add_direct_handlers(phone_endpoints)
    if role.answers_requests:
        app.direct_posts = direct_callbacks(app, SecurityHeaders(settings))
    app.state.update(
        [
            SETTINGS.entry(settings),
            DATABASE.entry(database),
            MAILER.entry(mailer),
            JOB_QUEUE.entry(queue),
            BACKLOGS.entry(Backlogs(job_database)),
            PARTITIONS.entry(PartitionCheck(job_database)),
            CARRIER.entry(carrier),
            ASSET_MANIFEST.entry(assets),
            API_KEYS.entry(api_keys),
            ACCOUNT_SERVICES.entry(accounts),
            NUMBER_PROVISIONING.entry(provisioning),
            BLOCKED_ORIGINS.entry(blocked_origins),
            INTEGRATION_KITS.entry(KitBuilder(settings, dist)),
            CALL_ADMISSION.entry(admission),
            CALLBACK_SIGNATURES.entry(CallbackSignatures()),
            PRICE_LIST.entry(prices),
            CALL_EVENT_RECORDER.entry(CallEventRecorder(database, tenants, alert_mailer)),
            CALL_ANSWERER.entry(
                CallAnswerer(database, tenants, settings.public_url, voicemail_mailer, alert_mailer, audio_urls, prices)
            ),
            AUDIO_URLS.entry(audio_urls),
            AUDIO_DECODER.entry(AudioDecoder()),
            USAGE_ALERT_RECORDER.entry(UsageAlertRecorder(job_database)),
            ALERT_MAILER.entry(alert_mailer),
            NUMBER_ERASURE.entry(number_erasure),
            UPGRADE_REQUEST_RECIPIENTS.entry(back_office.upgrade_approvers),
            BACK_OFFICE.entry(back_office),
            READINESS.entry(readiness),
            EXPORT_DATABASE.entry(export_database),
            READ_REPLICA.entry(replica),
            READING_SESSIONS.entry(
                ReadingSessionFactory(database, replica, None if replica is None else replica.lists)
            ),
            EXPORT_READING_SESSIONS.entry(
                ReadingSessionFactory(export_database, replica, None if replica is None else replica.exports)
            ),
            TENANT_CONCURRENCY.entry(
                TenantConcurrency(wait_seconds=BUSY_ORGANIZATION_WAIT_FACTOR * database.connect_seconds)
            ),
            CARRIER_HEALTH.entry(health),
            RECEIVER_CHECK.entry(build_receiver_check(settings)),
            WEBHOOK_ENCRYPTOR.entry(secret_encryptor(settings.secret_keys)),
            TOKEN_CHECK.entry(build_token_check(settings)),
            HUBSPOT_ENCRYPTOR.entry(token_encryptor(settings.secret_keys)),
            RATE_LIMITER.entry(limiter),
        ]
    )
    return app
