"""What the application knows of people, put together once."""

import msgspec

from accounts.account_settings import AccountSettings
from accounts.login_throttle import LoginThrottle
from accounts.password_reset import PasswordReset
from accounts.passwords import Passwords
from accounts.registration import Registration
from accounts.second_factor import SecondFactor
from accounts.sign_in import Authenticator
from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.mail import Mailer
from kit.settings import Settings


class AccountServices(msgspec.Struct, frozen=True):
    """The doors and what is behind them."""

    authenticator: Authenticator
    registration: Registration
    password_reset: PasswordReset
    account_settings: AccountSettings
    passwords: Passwords
    login_throttle: LoginThrottle
    second_factor: SecondFactor


ACCOUNT_SERVICES: AppKey[AccountServices] = AppKey("account_services")


def build_account_services(settings: Settings, database: Database, mailer: Mailer) -> AccountServices:
    """One per application: it holds the threads that check passwords."""
    passwords, url = Passwords(), settings.public_url
    limits = LoginThrottle(database, exempts_loopback=settings.is_sandbox)
    second_factor = SecondFactor(settings.secret_key)
    sign_in = Authenticator(database, passwords, limits, second_factor)
    return AccountServices(
        authenticator=sign_in,
        registration=Registration(database, passwords, limits, mailer, public_url=url, secret=settings.secret_key),
        password_reset=PasswordReset(database, passwords, limits, mailer, public_url=url),
        account_settings=AccountSettings(database, passwords, limits, mailer, second_factor, sign_in, public_url=url),
        passwords=passwords,
        login_throttle=limits,
        second_factor=second_factor,
    )
