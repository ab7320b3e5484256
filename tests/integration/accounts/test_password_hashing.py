"""Hashing of passwords: shared slots for all workers of a machine, a bounded queue, threads of low priority."""

import asyncio
import os
import sys
import threading
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from accounts.account_services import ACCOUNT_SERVICES
from accounts.login_throttle import LoginThrottle
from accounts.passkey_ceremony import PasskeyCeremony
from accounts.passwords import (
    DUMMY_HASH,
    HASHING_THREADS,
    MAX_CONCURRENT_CHECKS,
    MAX_WAITING_PASSWORDS,
    NICENESS,
    Passwords,
)
from accounts.sessions import Browser
from accounts.sign_in import SignInManager
from accounts.totp import TotpSecrets
from kit.db.database import REQUEST_ROLE, Database
from kit.db.outage import is_outage
from kit.errors import TooMany
from kit.settings import Settings
from support.factories import Factory
from support.form_submission import submit
from support.hashing_slots import all_slots_taken, slot_files
from support.passwords import PASSWORD

pytestmark = pytest.mark.anyio
BROWSER = Browser(ip_address="203.0.113.7", user_agent="")
_HOLD = """
import fcntl, sys
files = [open(path, "w") for path in sys.argv[1:]]
for file in files:
    fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def pass_time() -> None:
    """As long as some hashing takes, by hashing without the shared slots."""
    alone = Passwords()
    for _ in range(5):
        await alone.hash("some time passes")


async def test_workers_share_the_slots_and_a_killed_one_gives_them_back(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _HOLD,
        *map(str, slot_files(tmp_path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        hashing = asyncio.create_task(Passwords(tmp_path).hash(PASSWORD))
        await pass_time()
        assert not hashing.done(), "another process has all the slots of this machine"
    finally:
        holder.kill()
        await holder.communicate()
    assert (await hashing).startswith("$argon2id$")


async def test_the_queue_is_bounded_and_the_refusal_says_when_to_come_back(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path, max_waiting=2)
    with all_slots_taken(tmp_path):
        waiting = [asyncio.create_task(passwords.hash(PASSWORD)) for _ in range(HASHING_THREADS + 2)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany) as refused:
            await passwords.hash(PASSWORD)
    assert refused.value.retry_after > 0
    assert len(await asyncio.gather(*waiting)) == HASHING_THREADS + 2
    assert await passwords.matches(await passwords.hash(PASSWORD), PASSWORD)


async def test_a_full_queue_is_answered_429(client: httpx.AsyncClient, app: Litestar, make: Factory) -> None:
    user = await make.user()
    passwords = ACCOUNT_SERVICES.get(app).passwords
    passwords._max_unfinished, before = 0, passwords._max_unfinished
    try:
        answer = await submit(client, "/login", email=user.email, password=PASSWORD)
    finally:
        passwords._max_unfinished = before
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert "Many people are signing in right now" in answer.text
    assert (await submit(client, "/login", email=user.email, password=PASSWORD)).status_code == 303


async def test_a_sign_in_waits_for_a_check_slot_before_it_reads_anything(settings: Settings) -> None:
    unreachable = Database("postgresql://nobody@127.0.0.1:1/none", role=REQUEST_ROLE)
    passwords, throttle = Passwords(), LoginThrottle(unreachable, exempts_loopback=False)
    ceremony = PasskeyCeremony(throttle, public_url=settings.public_url, secret_keys=settings.secret_keys)
    sign_in_manager = SignInManager(unreachable, passwords, throttle, TotpSecrets(settings.secret_keys), ceremony)
    sign_in = partial(sign_in_manager.sign_in, email="a@b.test", password=PASSWORD, code=None, browser=BROWSER)
    async with AsyncExitStack() as slots:
        for _ in range(MAX_CONCURRENT_CHECKS):
            await slots.enter_async_context(passwords.check_slot())
        waiting = [asyncio.create_task(sign_in()) for _ in range(MAX_WAITING_PASSWORDS)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany) as refused:
            await sign_in()
        assert refused.value.retry_after > 0
        assert not any(task.done() for task in waiting)
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, Exception)
        assert is_outage(outcome)


async def test_the_threads_leave_the_processor_to_requests() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await Passwords()._run(niceness) >= NICENESS


async def test_threads_of_a_process_with_less_priority_keep_it() -> None:
    thread_niceness: list[int] = []

    async def hash_in_nice_process() -> None:
        def niceness() -> int:
            return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

        thread_niceness.append(await Passwords()._run(niceness))

    def run_with_less_priority() -> None:
        # Threads that this one starts begin with its priority.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS + 5)
        asyncio.run(hash_in_nice_process())

    nice_thread = threading.Thread(target=run_with_less_priority)
    nice_thread.start()
    await asyncio.to_thread(nice_thread.join)
    assert thread_niceness == [NICENESS + 5]


async def test_without_a_folder_to_write_passwords_are_checked_still(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert (await Passwords(tmp_path / "file" / "locks").hash(PASSWORD)).startswith("$argon2id$")


def test_the_dummy_hash_takes_as_long_to_check_as_a_present_hash() -> None:
    assert not Passwords().is_outdated(DUMMY_HASH)
