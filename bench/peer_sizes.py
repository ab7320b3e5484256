"""Compares the size of phone.js with published peers: ``python bench/peer_sizes.py``, after ``make widget``.

Each package is fetched by ``npm pack`` at a fixed version into a folder that is thrown away; nothing is installed.
Files are packed by ``gzip -9``, whatever their own servers do.
"""

import gzip
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "frontend" / "dist"
FIRST_FILES = ("phone.js",)
CALL_FILES = (*FIRST_FILES, "sdk.js", "panel.js", "call-stack.js", "dialer.js", "ringback-tone.js")


class Peer(NamedTuple):
    package: str
    file: str
    """Files inside the package that a page loads."""
    brings: str


PEERS = (
    Peer(
        "aircall-everywhere@2.0.6", "dist/index.js", "puts the vendor's application into a frame, which loads the phone"
    ),
    Peer("@justcall/justcall-dialer-sdk@1.4.2", "dist/index.js", "the same"),
    Peer("@twilio/voice-sdk@2.18.5", "dist/twilio.min.js", "calls alone: no dialler, nothing to see"),
    Peer("@telnyx/webrtc@2.27.10", "lib/bundle.js", "calls alone"),
)


def main() -> None:
    print("| what a page loads | bytes | gzip | what it brings |\n|---|---:|---:|---|")
    for name, files, brings in (
        ("Epoch Voice: phone.js", FIRST_FILES, "the phone: button, dialler, call screen"),
        ("Epoch Voice: all that a call needs", CALL_FILES, "the same with the voice SDK, formatting, tones"),
    ):
        raw, packed = sizes([(DIST / file).read_bytes() for file in _built(files)])
        print(f"| {name} | {raw:,} | {packed:,} | {brings} |")
    with tempfile.TemporaryDirectory() as folder:
        for peer in PEERS:
            raw, packed = sizes([_fetched(peer, Path(folder))])
            print(f"| {peer.package} | {raw:,} | {packed:,} | {peer.brings} |")


def sizes(files: Sequence[bytes]) -> tuple[int, int]:
    """Return the total bytes, raw and gzipped one by one, of ``files``."""
    return sum(map(len, files)), sum(len(gzip.compress(file, 9)) for file in files)


def _built(names: Sequence[str]) -> Iterator[str]:
    manifest = json.loads((DIST / "manifest.json").read_text())
    return (manifest[name] for name in names)


def _fetched(peer: Peer, folder: Path) -> bytes:
    pack = ("npm", "pack", "--silent", peer.package)
    archive = subprocess.run(pack, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    with tarfile.open(folder / archive) as files:
        found = files.extractfile(f"package/{peer.file}")
        assert found is not None
        return found.read()


if __name__ == "__main__":
    main()
