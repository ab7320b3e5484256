"""Settings section **Webhooks**: add, change, pause, test and delete webhooks; show or rotate the secret; list and
resend deliveries.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard import show_once
from dashboard.date_filters import local_time_value, read_local_time, read_moment
from dashboard.guards import requires_membership
from dashboard.page_slice import page_slice
from dashboard.pages import redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings
from events.event_types import EventType
from kit.clock import utc_now
from kit.db.paging import read_cursor, split_page
from kit.errors import DomainError, ValidationFailed
from kit.http.forms import Form, read_form
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path
from webhooks.controllers import webhook_service
from webhooks.deliveries import DeliveryService
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from webhooks.receiver_check import RECEIVER_CHECK
from webhooks.services import host_of

EVENT_LABELS: Mapping[str, str] = {
    EventType.CALL_STARTED: "A call is dialled",
    EventType.CALL_ANSWERED: "A call is answered",
    EventType.CALL_ENDED: "A call has ended, or was refused",
    EventType.CALL_UPDATED: "A call changed after its end, such as its outcome",
    EventType.CALL_MISSED: "Nobody answered an incoming call",
    EventType.VOICEMAIL_RECEIVED: "A voicemail was left",
    EventType.PHONE_NUMBER_ADDED: "A number was bought",
    EventType.PHONE_NUMBER_RELEASED: "A number was released",
    EventType.EMBED_TOKEN_CREATED: "An embed token was generated",
    EventType.EMBED_TOKEN_REVOKED: "An embed token was revoked",
    EventType.LIMIT_REACHED: "A limit is reached and refuses calls",
}
DEFAULT_EVENTS = (EventType.CALL_ENDED, EventType.CALL_UPDATED)
"""Ticked in the form of a new webhook."""
DELETE_EFFECT = "Nothing is sent to it from now on, and its log of deliveries is deleted."
ROTATE_EFFECT = "Deliveries are signed with both secrets for 24 hours. Put the new one into your receiver until then."
ROTATE_AGAIN_EFFECT = (
    "The previous secret stops working at once: a receiver that still uses it refuses deliveries. The current one also"
    " signs for 24 hours."
)
STATE_LABELS: Mapping[str, tuple[str, str]] = {
    DeliveryState.PENDING: ("Waiting", "warn"),
    DeliveryState.DELIVERED: ("Delivered", "ok"),
    DeliveryState.FAILED: ("Failed", "danger"),
}
_LOG_ROWS = 20
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    page = page_slice(request, "webhooks")
    rows = await webhook_service(request, session).list(member.organization_id, after=page.after, limit=page.limit)
    endpoints, next_cursor = split_page(rows, page.limit)
    return {
        "webhooks": [(endpoint, host_of(endpoint.url), _path_of(endpoint.url)) for endpoint in endpoints],
        "page_links": page.links(next_cursor, SettingsSection.WEBHOOKS),
        "event_labels": EVENT_LABELS,
        "default_events": DEFAULT_EVENTS,
    }


register(
    Section(
        SettingsSection.WEBHOOKS,
        "webhooks",
        "Webhooks",
        "settings/_webhooks.html",
        section_context,
        lowest_role=Role.ADMIN,
    )
)


class WebhookPages(Controller):
    """Pages of webhooks."""

    path = "/dashboard/{slug:str}/settings/webhooks"
    guards = _ADMIN

    @post()
    async def create(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "url", *EVENT_LABELS), current_member(request)
        try:
            await RECEIVER_CHECK.get(request.app).ensure_allowed(form["url"].strip())
            async with db_session.begin_nested():
                endpoint, secret = await webhook_service(request, db_session).create(
                    member.organization_id,
                    url=form["url"].strip(),
                    events=_selected_events(form),
                    token_id=None,
                    by=member.actor,
                )
        except DomainError as refusal:
            return await render_settings(request, db_session, SettingsSection.WEBHOOKS, _refused(form, refusal))
        return _show_secret(request, slug, endpoint.id, secret)

    @get("/secret")
    async def show_secret(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        """Show a new secret once; afterwards redirect to the list."""
        issued = show_once.read_secret(request)
        if issued is None:
            return redirect(request, _section_url(slug))
        endpoint = await _endpoint(request, db_session, issued.subject_id)
        response = render(
            request,
            "settings/webhook_secret.html",
            host=host_of(endpoint.url),
            endpoint=endpoint,
            raw_secret=issued.raw,
            back_url=f"{_section_url(slug)}/{endpoint.id}",
        )
        response.set_cookie(show_once.clear_cookie(request))
        return response

    @get("/{webhook_id:uuid}")
    async def show(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        endpoint = await _endpoint(request, db_session, webhook_id)
        return await _render_webhook(request, db_session, slug, endpoint)

    @post("/{webhook_id:uuid}")
    async def change(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "url", *EVENT_LABELS), current_member(request)
        endpoint = await _endpoint(request, db_session, webhook_id)
        try:
            await RECEIVER_CHECK.get(request.app).ensure_allowed(form["url"].strip())
            async with db_session.begin_nested():
                endpoint = await webhook_service(request, db_session).update(
                    member.organization_id,
                    webhook_id,
                    url=form["url"].strip(),
                    events=_selected_events(form),
                    by=member.actor,
                )
        except DomainError as refusal:
            return await _render_webhook(request, db_session, slug, endpoint, _refused(form, refusal))
        count = len(endpoint.events)
        notice = f"Saved: {host_of(endpoint.url)} gets {count} {'type' if count == 1 else 'types'} of events."
        return redirect(request, f"{_section_url(slug)}/{webhook_id}", notice)

    @post("/{webhook_id:uuid}/pause")
    async def pause(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        """Pause or resume, as the form says."""
        form, member = await read_form(request, "paused"), current_member(request)
        is_paused = form["paused"] == "yes"
        endpoint = await webhook_service(request, db_session).update(
            member.organization_id, webhook_id, is_paused=is_paused, by=member.actor
        )
        host = host_of(endpoint.url)
        notice = f"Paused: nothing is sent to {host}." if is_paused else f"Resumed: {host} gets events again."
        return redirect(request, f"{_section_url(slug)}/{webhook_id}", notice)

    @post("/{webhook_id:uuid}/test")
    async def send_test(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        await DeliveryService(db_session).send_test(await _endpoint(request, db_session, webhook_id))
        notice = "A test event is on its way: reload the page to see the answer."
        return redirect(request, f"{_section_url(slug)}/{webhook_id}#log", notice)

    @post("/{webhook_id:uuid}/resend-since")
    async def resend_since(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        form, endpoint = await read_form(request, "since", "filled"), await _endpoint(request, db_session, webhook_id)
        zone = current_member(request).zone
        try:
            since = read_local_time(form, "since", zone, prefilled=read_moment(form["filled"]))
            if since > utc_now():
                raise ValidationFailed([("since", "Must be a time in the past")])
            count, next_since = await DeliveryService(db_session).resend_since(endpoint, since)
        except DomainError as refusal:
            return await _render_webhook(request, db_session, slug, endpoint, resend_form=form.refused(refusal))
        notice = f"{count} {'event is' if count == 1 else 'events are'} sent again."
        page = f"{_section_url(slug)}/{webhook_id}"
        if next_since is None:
            return redirect(request, f"{page}#log", notice)
        more = f"{notice} There are more: the form has the time of the next one."
        return redirect(request, f"{page}?{urlencode({'since': next_since.isoformat()})}#again", more)

    @post("/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/resend")
    async def resend(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
        delivery_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        endpoint = await _endpoint(request, db_session, webhook_id)
        delivery = await DeliveryService(db_session).resend(endpoint, delivery_id)
        notice = f"{delivery.type} is sent again, with the same id: reload the page to see the answer."
        return redirect(request, f"{_section_url(slug)}/{webhook_id}#log", notice)

    @get(["/{webhook_id:uuid}/rotate", "/{webhook_id:uuid}/delete"])
    async def confirm(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        endpoint = await _endpoint(request, db_session, webhook_id)
        action = request.scope["path"].rstrip("/").rpartition("/")[2]
        host, base = host_of(endpoint.url), f"{_section_url(slug)}/{webhook_id}"
        title, text, submit = _CONFIRMATION_TEXTS[action]
        if action == "rotate":
            text = _rotate_effect(endpoint)
        return render(
            request,
            "confirm.html",
            title=title.format(host=host),
            text=text,
            submit=submit,
            action=f"{base}/{action}",
            back_url=base,
        )

    @post("/{webhook_id:uuid}/rotate")
    async def rotate(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        endpoint, secret = await webhook_service(request, db_session).rotate_secret(
            member.organization_id, webhook_id, by=member.actor
        )
        return _show_secret(request, slug, endpoint.id, secret)

    @post("/{webhook_id:uuid}/delete")
    async def delete(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        webhook_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member, service = current_member(request), webhook_service(request, db_session)
        endpoint = await service.get(member.organization_id, webhook_id)
        await service.delete(member.organization_id, webhook_id, by=member.actor)
        notice = f"Webhook deleted: nothing is sent to {host_of(endpoint.url)} any more."
        return redirect(request, _section_url(slug), notice)


_CONFIRMATION_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "delete": ("Delete the webhook to {host}?", DELETE_EFFECT, "Delete webhook"),
    "rotate": ("Make a new secret for {host}?", ROTATE_EFFECT, "Make a new secret"),
}
"""Title, text and button of each confirmation page, by its action."""


async def _endpoint(request: SettingsRequest, session: AsyncSession, webhook_id: UUID) -> WebhookEndpoint:
    return await webhook_service(request, session).get(current_member(request).organization_id, webhook_id)


async def _render_webhook(
    request: SettingsRequest,
    session: AsyncSession,
    slug: str,
    endpoint: WebhookEndpoint,
    form: Form | None = None,
    *,
    resend_form: Form | None = None,
) -> Response[str]:
    after = read_cursor(request.query_params.get("deliveries"))
    rows, next_cursor = split_page(
        await DeliveryService(session).list(endpoint, after=after, limit=_LOG_ROWS), _LOG_ROWS
    )
    base = f"{_section_url(slug)}/{endpoint.id}"
    since = read_moment(request.query_params.get("since", ""))
    return render(
        request,
        "settings/webhook.html",
        status=200 if form is None and resend_form is None else 400,
        endpoint=endpoint,
        now=utc_now(),
        host=host_of(endpoint.url),
        base=base,
        form=form,
        resend_form=resend_form,
        since="" if since is None else local_time_value(since, current_member(request).zone),
        filled="" if since is None else since.isoformat(),
        event_labels=EVENT_LABELS,
        state_labels=STATE_LABELS,
        deliveries=[(row, _last_attempt(row)) for row in rows],
        older_url=f"{base}?deliveries={next_cursor}#log" if next_cursor else "",
        newest_url=f"{base}#log" if after is not None else "",
        delete_effect=DELETE_EFFECT,
        rotate_effect=_rotate_effect(endpoint),
    )


def _rotate_effect(endpoint: WebhookEndpoint) -> str:
    until = endpoint.previous_secret_until
    return ROTATE_EFFECT if until is None or until <= utc_now() else ROTATE_AGAIN_EFFECT


def _last_attempt(delivery: WebhookDelivery) -> dt.datetime | None:
    return msgspec.convert(delivery.attempts[-1]["at"], dt.datetime) if delivery.attempts else None


def _path_of(url: str) -> str:
    """The path of ``url``, which tells two receivers on one host apart. A query may be secret and is left out."""
    return url.partition("://")[2].partition("?")[0].partition("#")[0].removeprefix(host_of(url))


def _selected_events(form: Form) -> list[str]:
    return [event for event in EVENT_LABELS if form[event]]


def _refused(form: Form, refusal: DomainError) -> Form:
    """The form with its errors; an error about the checkboxes of events is at ``events``."""
    return Form({**form.values, "events": ""}).refused(refusal)


def _show_secret(request: SettingsRequest, slug: str, webhook_id: UUID, secret: str) -> Response[str]:
    path = f"{_section_url(slug)}/secret"
    cookie = show_once.secret_cookie(request, path, show_once.IssuedSecret(webhook_id, secret))
    return redirect(request, path, cookies=[cookie])


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.WEBHOOKS)
