"""Streams a ZIP file while it is created, so that it is never in memory as a whole."""

import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import datetime


class _Sink(io.RawIOBase):
    """Collects the ZIP's bytes. It cannot seek, so each entry's size is written after its content."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than Buffer
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return and remove the bytes written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def zip_of(
    files: Iterable[tuple[str, AsyncIterator[bytes]]], *, made_at: datetime
) -> AsyncGenerator[bytes, None]:
    """A ZIP of ``files``, each a name and its chunks; they are read one after another as the ZIP is consumed."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, chunks in files:
            entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as file:
                async for chunk in chunks:
                    file.write(chunk)
                    if part := sink.take():
                        yield part
    yield sink.take()
