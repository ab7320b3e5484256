"""Switches on the second factor of users, and computes the codes of their authenticator app (TOTP)."""

import re
import time
from html import unescape

import httpx
import pyotp

from accounts.models import User
from accounts.totp import TOTP_STEP_SECONDS
from support.factories import sign_in
from support.form_submission import submit
from support.passwords import PASSWORD


class EnrolledUser:
    """A user whose second factor is switched on, with the authenticator app's secret and the recovery codes."""

    def __init__(self, user: User, secret: str, codes: list[str], *, used_code: str) -> None:
        """``used_code`` is the app's code with which the second factor was switched on."""
        self.user = user
        self.codes = codes
        self.used_code = used_code
        self._totp = pyotp.TOTP(secret)

    def code(self, offset: int = 0) -> str:
        """The app's code of the current time step plus ``offset``."""
        return self._totp.generate_otp(int(time.time()) // TOTP_STEP_SECONDS + offset)


async def enrol(client: httpx.AsyncClient, user: User) -> EnrolledUser:
    """Sign in and switch on the second factor in the pages. Uses the code of the previous time step."""
    await sign_in(client, user)
    started = await submit(client, "/account/second-factor", "/account", password=PASSWORD)
    assert started.headers["location"] == "/account/second-factor"
    page = (await client.get("/account/second-factor")).text
    found = re.search(r'id="secret" value="([A-Z2-7 ]+)"', page)
    assert found is not None
    secret = found[1].replace(" ", "")
    early = pyotp.TOTP(secret).generate_otp(int(time.time()) // TOTP_STEP_SECONDS - 1)
    done = await submit(client, "/account/second-factor/confirm", "/account/second-factor", code=early)
    assert done.headers["location"] == "/account/recovery-codes"
    shown = await client.get("/account/recovery-codes")
    codes = re.findall(r"\b[2-9a-z]{4}(?:-[2-9a-z]{4}){3}\b", unescape(shown.text))
    assert len(set(codes)) == 10
    return EnrolledUser(user, secret, codes, used_code=early)
