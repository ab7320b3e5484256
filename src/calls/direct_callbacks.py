"""Answers the three most frequent carrier callbacks without the web framework: outgoing call, leg status, ended dial.

That saves time: one outgoing call causes seven of these callbacks. The framework's routes in ``carrier_callbacks``
answer other methods, and other spellings of the paths.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from calls.callback_metrics import CallbackKind, CountedCallback, count_callback
from calls.carrier_callbacks import (
    MAX_CALLBACK_BYTES,
    answer_dial_ended,
    answer_outgoing,
    answer_status,
    log_forged,
)
from calls.errors import InvalidCarrierSignature
from calls.guards import ensure_form, verified_form
from kit.http.app_key import HasState
from kit.http.asgi import ResponseHead, read_body, send_response, send_with_head
from kit.http.problems import problem_answer
from kit.http.security_headers import SecurityHeaders

Answer = Callable[[HasState, dict[str, str], CountedCallback], Awaitable[bytes | None]]
"""Answers a signed form with a document; with None where the carrier expects no body."""
_ANSWERS: Mapping[str, tuple[CallbackKind, Answer]] = {
    "/voice/outgoing": (CallbackKind.OUTGOING, answer_outgoing),
    "/voice/dial-ended": (CallbackKind.DIAL_ENDED, answer_dial_ended),
    "/voice/status": (CallbackKind.STATUS, answer_status),
}


def direct_callbacks(app: HasState, headers: SecurityHeaders) -> dict[str, Callable[..., Awaitable[None]]]:
    """ASGI applications that answer POST requests, by path."""
    return {path: _endpoint(app, headers, kind, answer) for path, (kind, answer) in _ANSWERS.items()}


def _endpoint(
    app: HasState, headers: SecurityHeaders, kind: CallbackKind, answer: Answer
) -> Callable[..., Awaitable[None]]:
    document = ResponseHead(HTTPStatus.OK, headers.complete([(b"content-type", b"text/xml; charset=utf-8")]))
    empty = ResponseHead(HTTPStatus.NO_CONTENT, headers.complete([]))
    forged = ResponseHead(HTTPStatus.FORBIDDEN, headers.complete([(b"content-type", b"text/plain; charset=utf-8")]))

    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        try:
            with count_callback(kind) as callback:
                ensure_form(scope)
                form = verified_form(app, scope, await read_body(receive, limit=MAX_CALLBACK_BYTES))
                body = await answer(app, form, callback)
        except InvalidCarrierSignature as error:
            log_forged(error)
            await send_with_head(scope, send, forged, b"")
        except Exception as error:
            status, problem_headers, problem = problem_answer(error, where=scope["path"])
            await send_response(send, status, headers.complete(problem_headers), problem)
        else:
            await send_with_head(scope, send, empty if body is None else document, body or b"")

    return endpoint
