"""Executes the Dockerfile's instructions in Debian root folders, without a container engine, and tests the result.

Each stage begins with a root folder that debootstrap makes; RUN, COPY, ENV, WORKDIR and USER are executed in it. The
image is then run as its USER with a read-only root and a writable ``/tmp``: it migrates a database, serves, and answers
its own health check. Prints the size that the image adds to its base. Needs root and debootstrap.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "image"
TARGET_MB = 300
"""MB that the image may add to its base, unpacked."""
SUITES = {"12": "bookworm", "13": "trixie"}
"""Debian's names of the versions in tags such as ``debian:13-slim``."""
KNOWN = {
    "FROM",
    "ARG",
    "RUN",
    "COPY",
    "ENV",
    "USER",
    "WORKDIR",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSED_ON = re.compile(r"(?i)(pip|npm_config|ssl|node_extra|uv)_\w+|\w+_proxy")
"""Environment variables with which this machine reaches its package sources; RUN steps get them."""
MACHINE_FILES = ("etc/pip.conf", "etc/npmrc", "root/.npmrc", "root/.config/pip/pip.conf", "etc/resolv.conf")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
"""The machine's certificates are used while a stage is built, because a company's proxy may have its own authority."""
WRITABLE = "tmp"
SECONDS = 1800
START_SECONDS = 120
SERVE = """
%(serve)s & pid=$!
left=%(seconds)d
until %(check)s 2>/dev/null; do
    kill -0 $pid && left=$((left - 1)) && [ $left -gt 0 ] || exit 1
    sleep 1
done
kill -TERM $pid
wait $pid
"""
"""Serves until the health check succeeds, then stops; fails when it never does or the end is not clean."""


class Instruction(NamedTuple):
    """One instruction of a Dockerfile; continued lines are one text."""

    name: str
    text: str


class Stage(NamedTuple):
    """A stage of a Dockerfile."""

    base: str
    name: str
    """Empty for a stage without ``AS``."""
    instructions: Sequence[Instruction]

    def last(self, name: str, default: str = "") -> str:
        """The text of the last instruction called ``name``."""
        return next((found.text for found in reversed(self.instructions) if found.name == name), default)


def read_dockerfile(text: str) -> list[Stage]:
    """The stages of a Dockerfile. Raises: ValueError, at an instruction that this program cannot execute."""
    lines = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ").splitlines()
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for line in filter(None, map(str.strip, lines)):
        name, _, rest = line.partition(" ")
        if name not in KNOWN:
            raise ValueError(f"tools/check_image.py cannot execute {name}: add it here, or do not use it")
        if name == "FROM":
            base, _, alias = rest.partition(" AS ")
            for argument, value in arguments.items():
                base = base.replace(f"${{{argument}}}", value)
            stages.append(Stage(base, alias, []))
        elif not stages:
            key, _, value = rest.partition("=")
            arguments[key] = value
        else:
            stages[-1] = stages[-1]._replace(instructions=[*stages[-1].instructions, Instruction(name, rest.strip())])
    return stages


def suite_of(base: str) -> str:
    """Debian's name of the version of an image. Raises: ValueError, when it is not a Debian image of ``SUITES``."""
    found = re.fullmatch(r"(?:.*/)?debian:(\d+)(?:-slim)?", base)
    if found is None or found[1] not in SUITES:
        raise ValueError(f"{base} is no Debian image of the versions {', '.join(SUITES)}")
    return SUITES[found[1]]


def mirror_of(sources: str) -> str:
    """The URL of Debian's archive in the text of an apt source file, of either format. Raises: ValueError."""
    found = re.search(r"(?m)^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+)", sources)
    if found is None:
        raise ValueError("no apt source of this machine names an archive")
    return found[1]


def machine_mirror() -> str:
    """The archive that this machine's own apt uses. Raises: ValueError."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.sources"))]
    return mirror_of("\n".join(file.read_text() for file in files if file.exists()))


class Root:
    """A folder that is the root of a system, and the state of the stage that is built in it."""

    def __init__(self, folder: Path, binds: Sequence[str]) -> None:
        self.folder = folder
        self._binds = binds
        self.environ: dict[str, str] = {"PATH": PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
        self.working = "/"
        self.user = "0"

    def build(self, stage: Stage, others: Mapping[str, Path]) -> None:
        """Execute a stage's instructions; ``others`` are the roots of earlier stages by name."""
        with self._machine_files():
            for name, text in stage.instructions:
                if name == "RUN":
                    self._run(text)
                elif name == "COPY":
                    self._copy(text, others)
                elif name == "ENV":
                    self.environ.update(
                        {name: value for name, _, value in (word.partition("=") for word in shlex.split(text))}
                    )
                elif name == "WORKDIR":
                    self.working = text
                    (self.folder / text.lstrip("/")).mkdir(parents=True, exist_ok=True)
                elif name == "USER":
                    self._become(text)

    def _become(self, user: str) -> None:
        """Run the following commands as the user with the id ``user``, with the home folder in ``/etc/passwd``."""
        rows = [row.split(":") for row in (self.folder / "etc" / "passwd").read_text().splitlines()]
        self.user = user
        self.environ["HOME"] = next((row[5] for row in rows if row[2] == user), "/")

    def argv(self, command: Sequence[str], environ: Mapping[str, str], *, read_only: bool) -> list[str]:
        """The command line that runs ``command`` in the root, in a new mount namespace."""
        root = shlex.quote(str(self.folder))
        mounts = [f"mount --bind {root} {root}", f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        if read_only:
            mounts += [f"mount -t tmpfs tmpfs {root}/{WRITABLE}", f"mount -o remount,ro,bind {root} {root}"]
        else:
            mounts += [f"mkdir -p {root}{bind} && mount --bind -o ro {bind} {root}{bind}" for bind in self._binds]
            if (self.folder / CERTIFICATES).exists():
                mounts.append(f"mount --bind /{CERTIFICATES} {root}/{CERTIFICATES}")
        variables = [f"{name}={value}" for name, value in {**self.environ, **environ}.items()]
        inside = ["env", "-i", "-C", self.working, *variables, *command]
        enter = ["chroot", f"--userspec={self.user}:{self.user}", str(self.folder), *inside]
        script = " && ".join([*mounts, f"exec {shlex.join(enter)}"])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]

    def _run(self, text: str) -> None:
        say(f"RUN {text[:100]}")
        passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        argv = self.argv(["/bin/sh", "-c", text], passed, read_only=False)
        status, output = execute(argv)
        if status != 0:
            raise SystemExit(f"{output[-3000:]}\nimage: RUN {text} ended with status {status}")

    def _copy(self, text: str, others: Mapping[str, Path]) -> None:
        words = text.split()
        say(f"COPY {text}")
        if words[0].startswith("--from="):
            source, target = (word.lstrip("/") for word in words[1:])
            destination = self.folder / target
            destination.parent.mkdir(parents=True, exist_ok=True)
            copy_tree(others[words[0].removeprefix("--from=")] / source, destination)
            return
        if words != [".", "."]:
            raise ValueError(f"tools/check_image.py cannot execute COPY {text}")
        for file in context_files():
            destination = self.folder / self.working.lstrip("/") / file
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, destination)

    @contextlib.contextmanager
    def _machine_files(self) -> Iterator[None]:
        """Copy the machine's settings of package sources into the root while a stage is built."""
        added = []
        for name in MACHINE_FILES:
            source, target = Path("/") / name, self.folder / name
            if source.exists() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
                added.append(target)
        yield
        for target in added:
            target.unlink(missing_ok=True)


def context_files() -> list[str]:
    """The files of the build's context: those of the repository that ``.dockerignore`` does not leave out."""
    _, listed = execute(["git", "-C", str(ROOT), "ls-files", "-z"])
    ignored = [line for line in (ROOT / ".dockerignore").read_text().split() if not line.startswith("**")]
    names = [name for name in listed.split("\0") if name and (ROOT / name).exists()]
    return [name for name in names if not any(name == path or name.startswith(f"{path}/") for path in ignored)]


async def run_program(argv: Sequence[str]) -> tuple[int, str]:
    """Run a program; return its exit status and everything that it printed."""
    async with asyncio.timeout(SECONDS):
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode(errors="replace")


def execute(argv: Sequence[str]) -> tuple[int, str]:
    """As ``run_program``, outside an event loop."""
    return asyncio.run(run_program(argv))


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder with owners and links, sharing the blocks where the file system can. Raises: SystemExit."""
    status, output = execute(["cp", "-a", "--reflink=auto", str(source), str(target)])
    if status != 0:
        raise SystemExit(output)


def megabytes(folder: Path) -> float:
    """The sizes of all files of a root, in MB of 10⁶ bytes."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink() and path.is_file()) / 1e6


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"image: {text}\n")
    sys.stdout.flush()


def make_base(suite: str) -> Path:
    """Make a root folder with Debian's smallest set of packages, as slim images have, unless it exists."""
    base = FOLDER / f"base-{suite}"
    if not base.exists():
        say(f"debootstrap {suite} …")
        unfinished = base.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        argv = ["debootstrap", "--variant=minbase", suite, str(unfinished), machine_mirror()]
        status, output = execute(argv)
        if status != 0:
            raise SystemExit(output[-3000:])
        # Debian's slim images have neither lists of packages nor archives.
        for name in ("var/lib/apt/lists", "var/cache/apt"):
            shutil.rmtree(unfinished / name)
            (unfinished / name / "partial").mkdir(parents=True)
        unfinished.rename(base)
    return base


def build_image(text: str, binds: Sequence[str]) -> tuple[Root, Stage, float]:
    """Build all stages; return the last one's root, the last stage, and the MB that it adds to its base."""
    roots: dict[str, Path] = {}
    for number, stage in enumerate(read_dockerfile(text)):
        base, folder = make_base(suite_of(stage.base)), FOLDER / f"stage-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        copy_tree(base, folder)
        root = Root(folder, binds)
        root.build(stage, roots)
        roots[stage.name] = folder
        added = megabytes(folder) - megabytes(base)
    return root, stage, added


def check_service(root: Root, stage: Stage) -> None:
    """Migrate and serve from the image, read-only, until its health check succeeds. Raises: SystemExit."""
    from epoch.server.embedded_postgres import EmbeddedPostgres

    with EmbeddedPostgres(ROOT / ".cache" / "test-postgres", durable=False) as server:
        name = f"image_{os.getpid()}"
        url = server.create_database(name, None)
        try:
            asyncio.run(_serve(root, stage, url))
        finally:
            server.drop_database(name)


async def _serve(root: Root, stage: Stage, database_url: str) -> None:
    from support.ports import unused_port
    from support.production import PRODUCTION

    # Only the server's own user may use its socket, so the image connects by TCP through a relay.
    parts = urlsplit(database_url)
    place = {name: values[0] for name, values in parse_qs(parts.query).items()}
    relay = await asyncio.start_server(partial(_relay, f"{place['host']}/.s.PGSQL.{place['port']}"), "127.0.0.1", 0)
    address = f"{parts.username}@127.0.0.1:{relay.sockets[0].getsockname()[1]}"
    environ = {
        **PRODUCTION,
        "EPOCH_PORT": str(unused_port()),
        "EPOCH_PUBLIC_URL": "https://voice.example.com",
        "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
        "EPOCH_DRAIN_SECONDS": "0",
        "EPOCH_DATABASE_URL": f"postgresql://{address}{parts.path}",
    }

    async def run(fault: str, script: str) -> None:
        status, output = await run_program(root.argv(["sh", "-c", script], environ, read_only=True))
        if status != 0:
            raise SystemExit(f"{output[-3000:]}\nimage: {fault}")

    rights = f"! touch /written 2>/dev/null && touch /{WRITABLE}/written && test $(id -u) = {root.user}"
    await run("its root is writable, its temporary folder is not, or it runs as another user", rights)
    entry = json.loads(stage.last("ENTRYPOINT"))
    await run("epoch migrate failed", shlex.join([*entry, "migrate"]))
    serve, check = [*entry, *json.loads(stage.last("CMD"))], json.loads(stage.last("HEALTHCHECK").partition("CMD ")[2])
    script = SERVE % {"serve": shlex.join(serve), "check": shlex.join(check), "seconds": START_SECONDS}
    await run("the health check did not succeed, or the end was not clean", script)
    relay.close()
    say(f"migrated, served as user {root.user} with a read-only root, answered its health check, stopped at SIGTERM")


async def _relay(socket: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Relay between a client and the database server's socket until one side closes."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
        target.close()

    with contextlib.suppress(OSError):
        server_reader, server_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(copy(reader, server_writer), copy(server_reader, writer))


def main() -> int:
    """Build, run and measure; return 1 when the image is larger than its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bind", action="append", default=[], help="a folder of packages that RUN steps need")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise SystemExit("image: needs root and debootstrap (apt-get install debootstrap)")
    FOLDER.mkdir(parents=True, exist_ok=True)
    root, stage, added = build_image((ROOT / "Dockerfile").read_text(), arguments.bind)
    check_service(root, stage)
    say(f"{added:.0f} MB beyond the base of {stage.base}; the target is {TARGET_MB} MB")
    return 1 if added > TARGET_MB else 0


if __name__ == "__main__":
    sys.exit(main())
