"""Checks a receiver's URL when it is saved."""

from kit.errors import ValidationFailed
from kit.http.app_key import AppKey
from webhooks.receiver_urls import UrlRefused, parse_receiver
from webhooks.resolver import NameNotFound, ReceiverNotPublic, Resolver, addresses_of


class ReceiverCheck:
    """Parses URLs and resolves their names. Made once at start."""

    def __init__(self, resolver: Resolver, *, is_sandbox: bool) -> None:
        self._resolver = resolver
        self._is_sandbox = is_sandbox

    async def ensure_allowed(self, url: str) -> None:
        """Refuse a URL that is not public. Raises: ValidationFailed, on ``url``."""
        if wrong := await self.errors_in(url):
            raise ValidationFailed(wrong)

    async def errors_in(self, url: str) -> list[tuple[str, str]]:
        """The error on ``url``, if it is not public. A name without an address is let through: it may get one later."""
        try:
            await addresses_of(parse_receiver(url, is_sandbox=self._is_sandbox), self._resolver)
        except UrlRefused as error:
            return [("url", str(error))]
        except ReceiverNotPublic:
            message = "This name leads to an address that is not reachable from the Internet: use a public one"
            return [("url", message)]
        except NameNotFound:
            pass
        return []


RECEIVER_CHECK: AppKey[ReceiverCheck] = AppKey("receiver_check")
