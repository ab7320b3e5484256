"""REST endpoints of the account's recordings, as at the carrier: list, one recording, its audio, its deletion."""

from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from kit.settings import CarrierSettings
from sandbox.recordings import Recording, Recordings
from sandbox.rest_base import NO_SUCH_RESOURCE, RestEndpoints
from sandbox.rest_resources import API_VERSION, Resource, account_path


class RecordingsRest(RestEndpoints):
    """The endpoints; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, recordings: Recordings) -> None:
        super().__init__(account)
        self._recordings = recordings

    def routes(self) -> list[Route]:
        base = f"/{API_VERSION}/Accounts/{{account_sid}}"
        return [
            self._route(f"{base}/Recordings.json", GET=self._list),
            self._route(f"{base}/Calls/{{call_sid}}/Recordings.json", GET=self._list),
            self._route(f"{base}/Recordings/{{sid}}.json", GET=self._show, DELETE=self._delete),
            self._route(f"{base}/Recordings/{{sid}}.wav", GET=self._audio),
            self._route(f"{base}/Recordings/{{sid}}", GET=self._audio),
        ]

    def _list(self, request: Request, _: dict[str, str]) -> Response:
        call = request.path_params.get("call_sid") or request.query_params.get("CallSid")
        rows = [row for row in self._recordings.all() if call in (None, row.call_sid)]
        return self._page(request, "recordings", rows, lambda row: self._json(request, row))

    def _show(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._json(request, self._find(request)))

    def _audio(self, request: Request, _: dict[str, str]) -> Response:
        """The WAV file, or the requested range of it."""
        return FileResponse(self._recordings.file(self._find(request)), media_type="audio/x-wav")

    def _delete(self, request: Request, _: dict[str, str]) -> Response:
        if not self._recordings.remove(request.path_params["sid"]):
            raise NO_SUCH_RESOURCE
        return Response(status_code=204)

    def _find(self, request: Request) -> Recording:
        row = self._recordings.find(request.path_params["sid"])
        if row is None or row.source == "mailbox":
            raise NO_SUCH_RESOURCE
        return row

    def _json(self, request: Request, row: Recording) -> Resource:
        account_sid = self._account.account_sid
        created = format_datetime(row.created.replace(microsecond=0))
        return {
            "sid": row.sid,
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "call_sid": row.call_sid,
            "channels": 1,
            "conference_sid": None,
            "date_created": created,
            "date_updated": created,
            "duration": str(row.seconds),
            "encryption_details": None,
            "error_code": None,
            "media_url": f"{request.base_url}{API_VERSION}/Accounts/{account_sid}/Recordings/{row.sid}",
            "price": None,
            "price_unit": "USD",
            "source": row.source,
            "start_time": created,
            "status": "completed",
            "subresource_uris": {},
            "uri": account_path(account_sid, f"Recordings/{row.sid}"),
        }
