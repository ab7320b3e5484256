"""What the application knows of people, put together once."""

import msgspec

from accounts.account_settings import AccountChanges
from accounts.login_throttle import Limits
from accounts.password_reset import Recovery
from accounts.passwords import Passwords
from accounts.registration import Registration
from accounts.second_factor import SecondFactor
from accounts.sign_in import SignIn
from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.mail import Mailer
from kit.settings import Settings


class Accounts(msgspec.Struct, frozen=True):
    """The doors and what is behind them."""

    sign_in: SignIn
    registration: Registration
    recovery: Recovery
    changes: AccountChanges
    passwords: Passwords
    limits: Limits
    second_factor: SecondFactor


ACCOUNT_SERVICES: AppKey[Accounts] = AppKey("account_services")


def build_accounts(settings: Settings, database: Database, mailer: Mailer) -> Accounts:
    """One per application: it holds the threads that check passwords."""
    passwords, url = Passwords(), settings.public_url
    limits = Limits(database, exempts_loopback=settings.is_sandbox)
    second_factor = SecondFactor(settings.secret_key)
    sign_in = SignIn(database, passwords, limits, second_factor)
    return Accounts(
        sign_in=sign_in,
        registration=Registration(database, passwords, limits, mailer, public_url=url, secret=settings.secret_key),
        recovery=Recovery(database, passwords, limits, mailer, public_url=url),
        changes=AccountChanges(database, passwords, limits, mailer, second_factor, sign_in, public_url=url),
        passwords=passwords,
        limits=limits,
        second_factor=second_factor,
    )
