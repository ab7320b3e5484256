"""Errors about webhooks: too many endpoints, and a request to send to a paused endpoint."""

from kit.errors import Conflict


class TooManyWebhooks(Conflict):
    """The organization has as many endpoints as it may."""

    code = "too_many_webhooks"
    message = "Too many webhooks: delete one first"


class WebhookPaused(Conflict):
    """Nothing is sent to a paused endpoint."""

    code = "webhook_paused"
    message = "This webhook is paused: resume it first"
