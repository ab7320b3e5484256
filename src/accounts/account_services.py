"""Builds ``AccountServices``: the objects, made once at start, that handle customers' accounts (registration, sign-in,
password reset, account settings, passkeys).
"""

import msgspec

from accounts.account_settings import AccountSettings
from accounts.login_throttle import LoginThrottle
from accounts.passkey_ceremony import PasskeyCeremony
from accounts.passkey_settings import PasskeySettings
from accounts.password_reset import PasswordReset
from accounts.passwords import Passwords
from accounts.registration import Registration
from accounts.sign_in import SignInManager
from accounts.totp import TotpSecrets
from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.mail import Mailer
from kit.settings import Settings


class AccountServices(msgspec.Struct, frozen=True):
    """The objects that handle customers' accounts, and the helpers that they share."""

    sign_in_manager: SignInManager
    registration: Registration
    password_reset: PasswordReset
    account_settings: AccountSettings
    passwords: Passwords
    login_throttle: LoginThrottle
    totp: TotpSecrets
    passkey_ceremony: PasskeyCeremony
    passkey_settings: PasskeySettings


ACCOUNT_SERVICES: AppKey[AccountServices] = AppKey("account_services")


def build_account_services(
    settings: Settings, database: Database, mailer: Mailer, passwords: Passwords
) -> AccountServices:
    """Make the account services of one application."""
    url = settings.public_url
    throttle = LoginThrottle(database, exempts_loopback=settings.is_sandbox)
    totp = TotpSecrets(settings.secret_keys)
    ceremony = PasskeyCeremony(throttle, public_url=url, secret_keys=settings.secret_keys)
    sign_in_manager = SignInManager(database, passwords, throttle, totp, ceremony)
    return AccountServices(
        sign_in_manager=sign_in_manager,
        registration=Registration(
            database, passwords, throttle, mailer, totp, public_url=url, secret_keys=settings.secret_keys
        ),
        password_reset=PasswordReset(database, passwords, throttle, mailer, totp, public_url=url),
        account_settings=AccountSettings(database, passwords, throttle, mailer, totp, sign_in_manager, public_url=url),
        passwords=passwords,
        login_throttle=throttle,
        totp=totp,
        passkey_ceremony=ceremony,
        passkey_settings=PasskeySettings(
            database, ceremony, sign_in_manager, mailer, forgot_url=f"{url}/forgot-password"
        ),
    )
