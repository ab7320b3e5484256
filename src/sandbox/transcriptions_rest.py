"""REST endpoints of transcriptions, as at the carrier: list, one transcription, its deletion."""

from decimal import Decimal
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.rounding import divide_up
from kit.settings import CarrierSettings
from sandbox.recordings import Recordings
from sandbox.rest_base import NO_SUCH_RESOURCE, RestEndpoints, or_not_found
from sandbox.rest_resources import API_VERSION, Resource, account_path
from sandbox.transcriptions import Transcription

_PRICE_PER_MINUTE = Decimal("0.05")
"""US dollars."""


class TranscriptionsRest(RestEndpoints):
    """The endpoints; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, recordings: Recordings) -> None:
        super().__init__(account)
        self._recordings, self._transcriptions = recordings, recordings.transcriptions

    def routes(self) -> list[Route]:
        base = f"/{API_VERSION}/Accounts/{{account_sid}}"
        return [
            self._route(f"{base}/Transcriptions.json", GET=self._list),
            self._route(f"{base}/Transcriptions/{{sid}}.json", GET=self._show, DELETE=self._delete),
            self._route(f"{base}/Recordings/{{recording_sid}}/Transcriptions.json", GET=self._list),
            self._route(
                f"{base}/Recordings/{{recording_sid}}/Transcriptions/{{sid}}.json", GET=self._show, DELETE=self._delete
            ),
        ]

    def _list(self, request: Request, _: dict[str, str]) -> Response:
        recording = request.path_params.get("recording_sid")
        if recording is not None:
            # A deleted recording has no list of transcriptions, although they still exist.
            or_not_found(self._recordings.find(recording))
        rows = [row for row in self._transcriptions.all() if recording in (None, row.recording_sid)]
        return self._page(request, "transcriptions", rows, self._json)

    def _show(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._json(self._find(request)))

    def _delete(self, request: Request, _: dict[str, str]) -> Response:
        self._transcriptions.remove(self._find(request).sid)
        return Response(status_code=204)

    def _find(self, request: Request) -> Transcription:
        row = or_not_found(self._transcriptions.find(request.path_params["sid"]))
        if request.path_params.get("recording_sid", row.recording_sid) != row.recording_sid:
            raise NO_SUCH_RESOURCE
        return row

    def _json(self, row: Transcription) -> Resource:
        account_sid, created = self._account.account_sid, format_datetime(row.created.replace(microsecond=0))
        is_paid = row.status == "completed"
        return {
            "sid": row.sid,
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "date_created": created,
            "date_updated": created,
            "duration": str(row.seconds),
            "price": float(-_PRICE_PER_MINUTE * divide_up(row.seconds, 60)) if is_paid else None,
            "price_unit": "USD",
            "recording_sid": row.recording_sid,
            "status": row.status,
            "transcription_text": row.text,
            "type": "fast",
            "uri": account_path(account_sid, f"Transcriptions/{row.sid}"),
        }
