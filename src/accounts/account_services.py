"""``AccountServices``: sign-in, registration, password reset, account settings and passkeys, made once at start."""

import msgspec

from accounts.account_settings import AccountSettings
from accounts.login_throttle import LoginThrottle
from accounts.passkey_ceremony import PasskeyCeremony
from accounts.passkey_settings import PasskeySettings
from accounts.password_reset import PasswordReset
from accounts.passwords import Passwords
from accounts.registration import Registration
from accounts.sign_in import Authenticator
from accounts.totp import TotpSecrets
from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.mail import Mailer
from kit.settings import Settings


class AccountServices(msgspec.Struct, frozen=True):
    """The objects that handle customers' accounts, and the helpers that they share."""

    authenticator: Authenticator
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
    authenticator = Authenticator(database, passwords, throttle, totp, ceremony)
    return AccountServices(
        authenticator=authenticator,
        registration=Registration(
            database, passwords, throttle, mailer, totp, public_url=url, secret_keys=settings.secret_keys
        ),
        password_reset=PasswordReset(database, passwords, throttle, mailer, totp, public_url=url),
        account_settings=AccountSettings(database, passwords, throttle, mailer, totp, authenticator, public_url=url),
        passwords=passwords,
        login_throttle=throttle,
        totp=totp,
        passkey_ceremony=ceremony,
        passkey_settings=PasskeySettings(
            database, ceremony, authenticator, mailer, forgot_url=f"{url}/forgot-password"
        ),
    )
