"""Staff action that erases one phone number from an organization's calls; a preview counts the affected calls."""

from collections.abc import Sequence

from admin.actions.staff_action import ActionContext, Field, staff_action
from admin.models import StaffRole
from kit.e164 import readable
from kit.errors import ValidationFailed
from privacy.erasure_sentences import describe_finished_erasure, describe_planned_erasure
from privacy.number_erasure import parse_number_to_erase
from tenants.models import Organization

_KEEP_BLOCKED, _UNBLOCK = "keep", "unblock"
_BLOCK_LIST_OPTIONS = [
    (_KEEP_BLOCKED, "Keep a blocked number blocked"),
    (_UNBLOCK, "Remove it from the block list"),
]


async def _preview(context: ActionContext[Organization]) -> Sequence[str]:
    organization, number = context.record, _read_number(context)
    async with context.tenant_session(organization.id) as session:
        erasure = context.back_office.number_erasure.make_service(session)
        found = await erasure.count(organization.id, number, organization.country)
    if not (sentences := describe_planned_erasure(found)):
        raise ValidationFailed([("number", "No call has this number: it was never called, or is erased already")])
    if found.is_blocked:
        is_kept = context.form["block_list"] == _KEEP_BLOCKED
        sentences = [*sentences, "It stays on the block list." if is_kept else "It is removed from the block list."]
    return [f"The number is {readable(number)}.", *sentences, "This cannot be undone."]


@staff_action(
    "erase-number",
    "Erase a phone number",
    role=StaffRole.OPERATOR,
    effect="For a person who asks for erasure. The number is erased from this organization's calls, here and at the "
    "carrier, together with all metadata that contains it. The next page shows how many calls contain it. This cannot "
    "be undone.",
    # A deleted organization keeps its calls until it is erased itself.
    applies=lambda _: True,
    fields=[
        Field("number", "Phone number", hint="As it is dialled in the organization's country, or with +"),
        Field("block_list", "Block list", _BLOCK_LIST_OPTIONS),
    ],
    preview=_preview,
)
async def erase_number(context: ActionContext[Organization]) -> str:
    organization, number = context.record, _read_number(context)
    unblock = context.form["block_list"] == _UNBLOCK
    async with context.tenant_session(organization.id) as session:
        erased = await context.back_office.number_erasure.make_service(session).erase(
            organization.id, number, organization.country, by=context.by, unblock=unblock
        )
    return describe_finished_erasure(erased)


def _read_number(context: ActionContext[Organization]) -> str:
    """The entered number as E.164. Raises: ValidationFailed."""
    if context.form["block_list"] not in (_KEEP_BLOCKED, _UNBLOCK):
        raise ValidationFailed([("block_list", "Choose from the list")])
    return parse_number_to_erase(context.form["number"], context.record.country)
