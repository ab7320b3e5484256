"""Organizations: create, change in the settings section **Organization**, export, delete and restore."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.auth import current_actor, current_viewer
from accounts.errors import EmailNotVerified
from dashboard import call_data, outcomes
from dashboard.guards import loads_memberships, requires_membership
from dashboard.pages import redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings
from kit.clock import utc_now
from kit.countries import countries, country_in_sentence, country_name
from kit.errors import Conflict, TooMany, ValidationFailed
from kit.http.app_key import DATABASE, EXPORT_DATABASE, MAILER, SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.http.tenant_concurrency import SENDS_EXPORT
from kit.time_zones import country_zone, zone_choices, zone_label
from privacy.organization_export import MAX_EXPORTS_PER_HOUR, OrganizationExport
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.mails import deletion_mail
from tenants.members import MemberService
from tenants.models import Organization, Role
from tenants.services import RESTORE_PERIOD, OrganizationService, ensure_may_create_organization, restorable_until
from tenants.settings_paths import SettingsSection, settings_path

Visit = Request[Any, Any, State]
_SIGNED_IN = [loads_memberships]
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]
_OWNER = [requires_membership, requires_role(Role.OWNER)]


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    organization = await OrganizationService(session).get(member.organization_id)
    return {
        "organization": organization,
        "country": country_name(organization.country),
        "zones": _zone_options(organization),
        "may_change": member.role.rank >= Role.ADMIN.rank,
        "may_delete": member.role is Role.OWNER,
        "restore_days": RESTORE_PERIOD.days,
        "exports_per_hour": MAX_EXPORTS_PER_HOUR,
        **await call_data.section_context(request, session, member),
        **await outcomes.section_context(request, session, member),
    }


register(
    Section(
        SettingsSection.ORGANIZATION, "organization", "Organization", "settings/_organization.html", section_context
    )
)


def _zone_options(organization: Organization) -> list[tuple[str, str]]:
    default_zone = country_zone(organization.country)
    choices = zone_choices(organization.country, organization.time_zone or default_zone)
    return [("", f"The home country’s: {default_zone}"), *((name, name.replace("_", " ")) for name in choices)]


class NewOrganizationPages(Controller):
    """Pages to create an organization and to restore a deleted one."""

    path = "/dashboard/new"

    @get(guards=_SIGNED_IN)
    async def show(self, request: Visit, user_session: NamedDependency[AsyncSession]) -> Response[str]:
        return await _new_page(request, user_session)

    @post(guards=_SIGNED_IN)
    async def create(self, request: Visit, user_session: NamedDependency[AsyncSession]) -> Response[str]:
        form = await read_form(request, "name", "country")
        database = DATABASE.get(request.app)
        try:
            ensure_valid_text(form)
            await ensure_may_create_organization(database, current_viewer(request).user_id)
            async with user_session.begin_nested():
                organization = await OrganizationService(user_session).create_for_user(
                    current_actor(request), name=form["name"], country=form["country"]
                )
        except (ValidationFailed, Conflict, TooMany, EmailNotVerified) as refusal:
            return await _new_page(request, user_session, form.refused(refusal))
        plan = organization.plan.value.capitalize()
        message = f"{organization.name} is created, on the {plan} plan. You are its owner."
        return redirect(request, f"/dashboard/{organization.slug}", message)

    @post("/restore/{organization_id:uuid}", guards=_SIGNED_IN)
    async def restore(self, request: Visit, organization_id: FromPath[UUID]) -> Response[str]:
        await read_form(request)
        database = DATABASE.get(request.app)
        async with database.tenant_session(organization_id, current_viewer(request).user_id) as session:
            organization = await OrganizationService(session).restore(organization_id, by=current_actor(request))
        return redirect(request, f"/dashboard/{organization.slug}", "Organization restored")


class OrganizationPages(Controller):
    """Forms that change, export and delete an organization; for owners and admins."""

    path = "/dashboard/{slug:str}/settings/organization"

    @post(guards=_ADMIN)
    async def rename(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, "name")
        try:
            organization = await _update(request, db_session, name=form["name"])
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.ORGANIZATION, form.refused(refusal))
        return redirect(request, _section_url(slug), f"The name is {organization.name} now. The URL stays the same.")

    @post("/time-zone", guards=_ADMIN)
    async def change_time_zone(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, "time_zone")
        try:
            organization = await _update(request, db_session, time_zone=form["time_zone"])
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.ORGANIZATION, form.refused(refusal))
        notice = f"Pages and mails show times in {zone_label(organization.zone, utc_now())}"
        return redirect(request, _section_url(slug), notice)

    @get("/country", guards=_ADMIN)
    async def country_page(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        return _country_page(request, slug)

    @post("/country", guards=_ADMIN)
    async def change_country(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, "country")
        try:
            organization = await _update(request, db_session, country=form["country"])
        except ValidationFailed as refusal:
            return _country_page(request, slug, form.refused(refusal))
        country = country_in_sentence(organization.country)
        notice = f"Your home country is {country} now: numbers without a country code are read as numbers of {country}."
        return redirect(request, _section_url(slug), notice)

    @get("/delete", guards=_OWNER)
    async def confirm_delete(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        return _delete_page(request, slug)

    @post("/delete", guards=_OWNER)
    async def delete(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "confirmation"), current_member(request)
        owners = await MemberService(db_session).list_owners(member.organization_id)
        try:
            async with db_session.begin_nested():
                organization = await OrganizationService(db_session).soft_delete(
                    member.organization_id, by=member.actor, confirmation=form["confirmation"]
                )
        except ValidationFailed as refusal:
            return _delete_page(request, slug, form.refused(refusal))
        for owner in owners:
            mail = deletion_mail(
                organization, to=owner.email, by=member.actor.name, public_url=SETTINGS.get(request.app).public_url
            )
            await MAILER.get(request.app).send_after_commit(db_session, mail)
        notice = f"{organization.name} is deleted. Its owners can restore it here for {RESTORE_PERIOD.days} days."
        return redirect(request, "/dashboard/new", notice)

    @post("/export", guards=_OWNER, status_code=200, opt=SENDS_EXPORT)
    async def export(self, request: SettingsRequest, slug: FromPath[str]) -> Stream:
        """Stream a ZIP of all the organization's data."""
        form = await read_form(request, "bom")
        member, database = current_member(request), EXPORT_DATABASE.get(request.app)
        months = SETTINGS.get(request.app).call_retention_months
        export = OrganizationExport(database, member.organization_id, default_months=months)
        await export.count_or_raise()
        chunks = await export.start(by=member.actor, has_bom=bool(form["bom"]))
        name = f'attachment; filename="{slug}-{utc_now():%Y-%m-%d}.zip"'
        return Stream(chunks, media_type="application/zip", headers={"Content-Disposition": name})


HANDLERS = (NewOrganizationPages, OrganizationPages, *call_data.HANDLERS)


async def _update(
    request: SettingsRequest,
    session: AsyncSession,
    *,
    name: str | None = None,
    country: str | None = None,
    time_zone: str | None = None,
) -> Organization:
    """Change the organization in a savepoint, so that a refused form can be rendered. Raises: ValidationFailed."""
    member = current_member(request)
    async with session.begin_nested():
        return await OrganizationService(session).update(
            member.organization_id, by=member.actor, name=name, country=country, time_zone=time_zone
        )


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.ORGANIZATION)


async def _new_page(request: Visit, session: AsyncSession, form: Form | None = None) -> Response[str]:
    restorable = await OrganizationService(session).list_restorable(current_viewer(request).user_id)
    return render(
        request,
        "organizations/new.html",
        status=200 if form is None else 400,
        form=form,
        countries=list(countries().items()),
        restorable=[(organization, restorable_until(organization)) for organization in restorable],
    )


def _country_page(request: SettingsRequest, slug: str, form: Form | None = None) -> Response[str]:
    return render(
        request,
        "organizations/country.html",
        status=200 if form is None else 400,
        form=form,
        countries=list(countries().items()),
        country=current_member(request).country,
        back_url=_section_url(slug),
    )


def _delete_page(request: SettingsRequest, slug: str, form: Form | None = None) -> Response[str]:
    return render(
        request,
        "organizations/delete.html",
        status=200 if form is None else 400,
        form=form,
        restore_days=RESTORE_PERIOD.days,
        back_url=_section_url(slug),
    )
