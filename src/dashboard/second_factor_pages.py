"""``/account/second-factor`` and ``/account/recovery-codes``: switches two-step sign-in by authenticator app on or off,
and shows new recovery codes.
"""

from collections.abc import Sequence

import msgspec
import segno
from litestar import Response, get, post
from litestar.datastructures import Cookie

from accounts.auth import current_actor, current_viewer
from accounts.errors import SecondFactorStateConflict
from accounts.totp import enrolment_uri
from dashboard.account_settings import Visit, account_settings_of, new_session_cookie, redirect_or_form
from dashboard.guards import loads_memberships
from dashboard.pages import redirect, render
from kit.encryption import Encryptor
from kit.errors import DomainError
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.http.problems import status_of

RECOVERY_CODES_COOKIE = "codes"
"""Cookie that carries new recovery codes, encrypted, to the page that shows them once."""
_CODES_SECONDS = 60
_CODES_PATH = "/account/recovery-codes"


@post("/account/second-factor", guards=[loads_memberships], status_code=200)
async def start_second_factor(request: Visit) -> Response[str]:
    form = await read_form(request, "password")

    async def work() -> Response[str]:
        await account_settings_of(request).start_second_factor(
            current_viewer(request), password=form["password"], by=current_actor(request)
        )
        return redirect(request, "/account/second-factor")

    return await redirect_or_form(request, "second-factor", form, work)


@get("/account/second-factor", guards=[loads_memberships])
async def second_factor_page(request: Visit) -> Response[str]:
    return await _second_factor_form(request, None)


@post("/account/second-factor/confirm", guards=[loads_memberships], status_code=200)
async def confirm_second_factor(request: Visit) -> Response[str]:
    form = await read_form(request, "code")
    try:
        ensure_valid_text(form)
        codes, session_token = await account_settings_of(request).confirm_second_factor(
            current_viewer(request), code=form["code"], by=current_actor(request)
        )
    except SecondFactorStateConflict:
        return redirect(request, "/account")
    except DomainError as error:
        return await _second_factor_form(request, form.refused(error), status=status_of(error))
    cookies = [new_session_cookie(request, session_token), _codes_cookie(request, codes)]
    return redirect(request, _CODES_PATH, "Two-step sign-in is on.", cookies=cookies)


@post("/account/second-factor/disable", guards=[loads_memberships], status_code=200)
async def disable_second_factor(request: Visit) -> Response[str]:
    form = await read_form(request, "password", "code")

    async def work() -> Response[str]:
        session_token = await account_settings_of(request).disable_second_factor(
            current_viewer(request), password=form["password"], code=form["code"], by=current_actor(request)
        )
        return redirect(
            request, "/account", "Two-step sign-in is off.", cookies=[new_session_cookie(request, session_token)]
        )

    return await redirect_or_form(request, "disable", form, work)


@post("/account/recovery-codes", guards=[loads_memberships], status_code=200)
async def renew_recovery_codes(request: Visit) -> Response[str]:
    form = await read_form(request, "code")

    async def work() -> Response[str]:
        codes = await account_settings_of(request).renew_recovery_codes(
            current_viewer(request), code=form["code"], by=current_actor(request)
        )
        return redirect(request, _CODES_PATH, cookies=[_codes_cookie(request, codes)])

    return await redirect_or_form(request, "codes", form, work)


@get("/account/recovery-codes", guards=[loads_memberships])
async def recovery_codes_page(request: Visit) -> Response[str]:
    """Show new codes once; a reload shows none."""
    encrypted = request.cookies.get(RECOVERY_CODES_COOKIE)
    decrypted = _codes_encryptor(request).decrypt(encrypted, seconds=_CODES_SECONDS) if encrypted else None
    if decrypted is None:
        return redirect(request, "/account")
    response = render(request, "accounts/recovery_codes.html", codes=msgspec.json.decode(decrypted, type=list[str]))
    response.set_cookie(_codes_cookie(request, None))
    return response


HANDLERS = (
    start_second_factor,
    second_factor_page,
    confirm_second_factor,
    disable_second_factor,
    renew_recovery_codes,
    recovery_codes_page,
)


async def _second_factor_form(request: Visit, form: Form | None, *, status: int = 200) -> Response[str]:
    """Page with the QR code and the field for the first code; redirects to the account when no enrolment is pending."""
    user, secret, _ = await account_settings_of(request).get_second_factor(current_viewer(request))
    if secret is None:
        return redirect(request, "/account")
    qr_code = segno.make(enrolment_uri(user.email, secret), micro=False).svg_data_uri(scale=5, light="#ffffff")
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render(request, "accounts/enrol.html", status=status, form=form, qr_code=qr_code, secret=groups)


def _codes_encryptor(request: Visit) -> Encryptor:
    # Bound to the person: whoever signs in next in this browser cannot see them.
    purpose = f"{RECOVERY_CODES_COOKIE}:{current_viewer(request).user_id}"
    return Encryptor(SETTINGS.get(request.app).secret_keys, purpose)


def _codes_cookie(request: Visit, codes: Sequence[str] | None) -> Cookie:
    settings = SETTINGS.get(request.app)
    return Cookie(
        key=RECOVERY_CODES_COOKIE,
        value="" if codes is None else _codes_encryptor(request).encrypt(msgspec.json.encode(list(codes))),
        max_age=0 if codes is None else _CODES_SECONDS,
        path=_CODES_PATH,
        httponly=True,
        secure=settings.public_is_https,
        samesite="lax",
    )
