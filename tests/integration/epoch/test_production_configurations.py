"""``epoch run`` in production, once for each way to the database that the documentation names."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kit.secrets import mint
from support.certificates import Authority
from support.epoch_run import Run
from support.local_http import get_local, post_local
from support.pgbouncer import running_pgbouncer
from support.ports import unused_port
from support.widget_client import TEXT_TYPE
from widget.models import TOKEN_PREFIX

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
PRODUCTION = {
    "EPOCH_ENV": "production",
    "EPOCH_CARRIER": "twilio",
    "EPOCH_PUBLIC_URL": "https://voice.example.com",
    "EPOCH_SECRET_KEY": "k" * 32,
    "EPOCH_DRAIN_SECONDS": "0",
    "EPOCH_SMTP_URL": "smtps://mail.example.com:465",
    "EPOCH_TERMS_URL": "https://www.example.com/terms",
    "EPOCH_PRIVACY_URL": "https://www.example.com/privacy",
    "EPOCH_CONTACT_EMAIL": "support@example.com",
    "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
    "EPOCH_METRICS_TOKEN": "m" * 32,
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_API_KEY_SID": "SK" + "2" * 32,
    "TWILIO_API_KEY_SECRET": "s" * 32,
    "TWILIO_TWIML_APP_SID": "AP" + "3" * 32,
}
WAYS: dict[str, Callable[[str, Path, ExitStack], dict[str, str]]] = {}
"""Each makes the settings of one way to the database of the URL; files go to the folder."""


def way(make: Callable[[str, Path, ExitStack], dict[str, str]]) -> Callable[[str, Path, ExitStack], dict[str, str]]:
    WAYS[make.__name__.replace("_", " ").strip()] = make
    return make


@way
def _two_hosts_with_tls_and_one_down(url: str, folder: Path, stack: ExitStack) -> dict[str, str]:
    authority = Authority()
    certificate, key = authority.issue("localhost", host="localhost")
    (folder / "ca.pem").write_text(authority.certificate)
    bouncer = stack.enter_context(
        running_pgbouncer(
            url,
            mode="session",
            client_tls_sslmode="require",
            client_tls_key_file=key,
            client_tls_cert_file=certificate,
        )
    )
    hosts = f"localhost:{unused_port()},localhost:{bouncer.port}"
    tls = f"sslmode=verify-full&sslrootcert={folder / 'ca.pem'}"
    return {"EPOCH_DATABASE_URL": f"postgres://epoch@{hosts}/{bouncer.database}?{tls}"}


@way
def _pgbouncer_by_transaction(url: str, _: Path, stack: ExitStack) -> dict[str, str]:
    bouncer = stack.enter_context(running_pgbouncer(url, mode="transaction"))
    return {
        "EPOCH_DATABASE_URL": bouncer.url,
        "EPOCH_DATABASE_POOLER": "transaction",
        "EPOCH_DATABASE_DIRECT_URL": url,
    }


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def _environ(folder: Path, **settings: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    port = str(unused_port())
    data = {"EPOCH_PORT": port, "EPOCH_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT / "src")}
    return {**ours, **PRODUCTION, **data, **settings}


@pytest.mark.parametrize("name", WAYS)
def test_production_serves_by_each_way_to_its_database(
    new_database: Callable[[], str], tmp_path: Path, stack: ExitStack, name: str
) -> None:
    run = Run(_environ(tmp_path, **WAYS[name](new_database(), tmp_path, stack)))
    stack.callback(lambda: run.end(signal.SIGKILL))
    run.until("Ctrl-C")
    assert get_local(f"{run.url}/health/ready").status_code == 200
    assert get_local(f"{run.url}/login").status_code == 200
    answer = post_local(
        f"{run.url}/widget/exchange", json={"token": mint(TOKEN_PREFIX).raw}, headers={"content-type": TEXT_TYPE}
    )
    assert answer.status_code == 401  # read from the database


@pytest.mark.parametrize(
    ("query", "named"),
    [("sslmode=always", "EPOCH_DATABASE_URL has sslmode=always"), ("ssl=on", "EPOCH_DATABASE_URL has ssl")],
)
def test_production_refuses_a_parameter_that_it_cannot_keep(tmp_path: Path, query: str, named: str) -> None:
    run = Run(_environ(tmp_path, EPOCH_DATABASE_URL=f"postgresql://epoch:hidden@localhost/epoch?{query}"))
    printed, _ = run.process.communicate(timeout=60)
    assert run.process.returncode == 2
    assert named in printed
    assert "hidden" not in printed
    assert len(printed.splitlines()) == 1
