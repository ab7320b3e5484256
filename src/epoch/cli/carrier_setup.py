"""``epoch carrier setup``: sets up the TwiML application, the usage trigger and the numbers' URLs at the carrier.

An application or a trigger belongs to this deployment when it has the deployment's name or calls its public URL. What
another deployment may own is not changed.
"""

import enum
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec

from carrier.account import AccountAdmin, Application, NumberRoute
from carrier.port import NotFoundAtCarrier, OwnedNumber
from epoch.cli.carrier_expectations import (
    CarrierNeeds,
    alert_url,
    application_differences,
    application_name,
    describe_foreign_route,
    expected_urls,
    is_own_application,
    is_trigger_correct,
    trigger_dollars,
    trigger_name,
)
from epoch.phone_number_jobs import incoming_urls
from kit.settings import Settings
from phone_numbers.number_routing import needs_new_urls


class StepState(enum.StrEnum):
    """The result of a step."""

    OK = "ok"
    CREATED = "created"
    UPDATED = "updated"
    DIFFERS = "differs"
    """A difference that ``--check`` found; a run without ``--check`` would repair it."""
    REFUSED = "refused"
    """Not changed, because it may belong to another deployment."""
    NOTE = "note"
    """Information for the operator; no difference."""


class Step(msgspec.Struct, frozen=True):
    """One line of the report."""

    state: StepState
    text: str


class SetupOptions(msgspec.Struct, frozen=True):
    """The options of the command."""

    is_check: bool = False
    """Change nothing."""
    adopts: bool = False
    """Take over an application that calls another server."""
    owns_account: bool = False
    """True for the sandbox's account, which belongs to the data folder: no other deployment uses it."""


class CarrierSetup:
    """Sets up one account for one deployment. Every method raises CarrierError."""

    def __init__(self, admin: AccountAdmin, settings: Settings, needs: CarrierNeeds, options: SetupOptions) -> None:
        self._admin = admin
        self._settings = settings
        self._needs = needs
        self._deployment = needs.deployment
        self._is_check = options.is_check
        self._is_account_own = options.owns_account
        self._adopts = options.adopts or options.owns_account
        self._steps: list[Step] = []

    async def run(self) -> list[Step]:
        """Set up everything and report it."""
        if self._deployment.is_copy and not self._is_account_own:
            self._add(
                StepState.REFUSED,
                "this database is a copy of another one: run `epoch deployment --moved` if the original is no longer"
                " used, else `epoch deployment --copied`; until then nothing at the carrier is changed",
            )
            return self._steps
        await self._set_up_application()
        await self._set_up_usage_trigger(trigger_dollars(self._needs.exposure))
        for owned in await self._admin.owned_numbers():
            if owned.sid in self._needs.number_sids:
                await self._set_up_number(owned)
        return self._steps

    def _add(self, state: StepState, text: str) -> None:
        self._steps.append(Step(state, text))

    async def _set_up_application(self) -> None:
        sid, name = self._settings.twilio.twiml_app_sid, application_name(self._deployment)
        application = await self._admin.find_application(sid) if sid else None
        if application is None:
            missing = f"{sid} is no application of this account" if sid else "TWILIO_TWIML_APP_SID is not set"
            application = next(iter(await self._admin.list_applications(name)), None)
            if application is None:
                await self._create_application(name, missing)
                return
            self._add(StepState.NOTE, f"{missing}: set TWILIO_TWIML_APP_SID={application.sid} and restart")
        urls = expected_urls(self._settings)
        differences = application_differences(application, name, urls)
        if not differences:
            self._add(StepState.OK, f"application {application.sid}: all its URLs are this product's")
        elif is_own_application(application, self._settings, self._deployment) or self._adopts:
            if not self._is_check:
                await self._admin.update_application(application.sid, name, urls)
            subject = f"application {application.sid}"
            for property_name, value, wanted in differences:
                if self._is_check:
                    self._add(StepState.DIFFERS, f"{subject}: {property_name} is {value}, should be {wanted}")
                else:
                    self._add(StepState.UPDATED, f"{subject}: {property_name} is now {wanted}, was {value}")
        else:
            self._add(StepState.REFUSED, self._refusal(application))

    async def _create_application(self, name: str, missing: str) -> None:
        if self._is_check:
            self._add(StepState.DIFFERS, f"{missing}; `epoch carrier setup` would create the application {name!r}")
            return
        created = await self._admin.create_application(name, expected_urls(self._settings))
        self._add(StepState.CREATED, f"application {created.sid} ({name!r}), because {missing}")
        self._add(StepState.NOTE, f"set TWILIO_TWIML_APP_SID={created.sid} and restart")

    def _refusal(self, application: Application) -> str:
        leads_to = urlsplit(application.urls.voice).netloc or "nowhere"
        return (
            f"application {application.sid} ({application.friendly_name!r}) leads to {leads_to} and may belong to"
            " another deployment. Unset TWILIO_TWIML_APP_SID and run this again to get an application of your own, or"
            " take this one over with `epoch carrier setup --adopt`"
        )

    async def _set_up_usage_trigger(self, dollars: Decimal) -> None:
        name, url = trigger_name(self._deployment), alert_url(self._settings)
        # Triggers with another name belong to others and stay.
        own = [trigger for trigger in await self._admin.list_usage_triggers() if trigger.friendly_name == name]
        correct = [trigger for trigger in own if is_trigger_correct(trigger, dollars, url)]
        replaced = [trigger for trigger in own if trigger not in correct[:1]]
        if correct and not replaced:
            trigger = correct[0]
            text = f"usage trigger {trigger.sid}: reports a day that costs {trigger.dollars:,f} dollars"
            self._add(StepState.OK, text)
            return
        found = (
            "there is none" if not own else f"it is {own[0].dollars:,f} dollars to {own[0].callback_url or 'nowhere'}"
        )
        if self._is_check:
            self._add(StepState.DIFFERS, f"usage trigger: should report a day of {dollars:,f} dollars, but {found}")
            return
        if not correct:
            # A trigger's value cannot be changed. The new trigger comes first, so that one exists at any time.
            created = await self._admin.create_usage_trigger(name, dollars, url)
            state = StepState.UPDATED if own else StepState.CREATED
            self._add(state, f"usage trigger {created.sid}: reports a day of {dollars:,f} dollars")
        for trigger in replaced:
            try:
                await self._admin.delete_usage_trigger(trigger.sid)
            except NotFoundAtCarrier:
                continue
            self._add(StepState.UPDATED, f"usage trigger {trigger.sid}: deleted, because it is replaced")

    async def _set_up_number(self, owned: OwnedNumber) -> None:
        """Send calls to a number to this product; only report a number that a person has sent to another server."""
        urls, subject = incoming_urls(self._settings), f"number …{owned.e164[-4:]} ({owned.sid})"
        if needs_new_urls(owned, urls, self._deployment.name):
            if not self._is_check:
                await self._admin.set_number_urls(owned.sid, urls, has_application=bool(owned.application_sid))
            found = owned.application_sid or owned.urls.voice or "empty"
            state, verb = (StepState.DIFFERS, "should go") if self._is_check else (StepState.UPDATED, "now go")
            self._add(state, f"{subject}: calls to it {verb} to {urls.voice}; before: {found}")
            return
        route = NumberRoute(owned.sid, owned.e164, owned.friendly_name, owned.urls.voice, owned.application_sid)
        if (text := describe_foreign_route(route, self._settings)) is not None:
            self._add(StepState.NOTE, text)
