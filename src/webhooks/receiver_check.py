"""Checks a webhook receiver's URL when it is saved: its form, and that its host name has only public IP addresses."""

from kit.errors import ValidationFailed
from kit.http.app_key import AppKey
from webhooks.receiver_urls import UrlRefused, parse_receiver
from webhooks.resolver import NameNotFound, ReceiverNotPublic, Resolver, resolve_receiver


class ReceiverCheck:
    """Parses URLs and resolves their host names. Made once at start."""

    def __init__(self, resolver: Resolver, *, is_sandbox: bool) -> None:
        self._resolver = resolver
        self._is_sandbox = is_sandbox

    async def ensure_allowed(self, url: str) -> None:
        """Refuse a URL that is invalid or not public. Raises: ValidationFailed, on ``url``."""
        if errors := await self.find_errors(url):
            raise ValidationFailed(errors)

    async def find_errors(self, url: str) -> list[tuple[str, str]]:
        """The error on ``url``, if it is invalid or not public; a name without an IP address yet is accepted."""
        try:
            await resolve_receiver(parse_receiver(url, is_sandbox=self._is_sandbox), self._resolver)
        except UrlRefused as error:
            return [("url", str(error))]
        except ReceiverNotPublic:
            message = "This name leads to an address that is not reachable from the Internet: use a public one"
            return [("url", message)]
        except NameNotFound:
            pass
        return []


RECEIVER_CHECK: AppKey[ReceiverCheck] = AppKey("receiver_check")
