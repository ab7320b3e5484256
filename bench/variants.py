"""The servers that the exchange benchmark (``run.py``) compares: one worker each, with production settings."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_BIN = Path(sys.executable).parent


def _uvicorn(*application: str) -> Callable[[int], list[str]]:
    # The settings of the product's own worker (src/epoch/server/worker.py).
    flags = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log", "--log-level", "warning"]
    flags += ["--no-server-header", "--no-proxy-headers"]
    return lambda port: [str(_BIN / "uvicorn"), *flags, "--port", str(port), *application]


def _gunicorn(*flags: str) -> Callable[[int], list[str]]:
    common = ["--workers", "1", "--log-level", "warning", "--keep-alive", "60"]
    return lambda port: [
        str(_BIN / "gunicorn"),
        *common,
        *flags,
        "--bind",
        f"127.0.0.1:{port}",
        "peers.flask_orm:app",
    ]


@dataclass(frozen=True)
class Variant:
    """One implementation of the exchange."""

    name: str
    argv: Callable[[int], list[str]]
    """Command that serves it on a port."""


FLOOR = "floor: bare ASGI, asyncpg's pool"
FLOOR_OWN_POOL = "floor: bare ASGI, the product's pool"
PRODUCT = "Epoch Voice"
STARLETTE_FAST = "Starlette, asyncpg, PyJWT, orjson"
FASTAPI_FAST = "FastAPI, asyncpg, PyJWT, orjson"
FASTAPI = "FastAPI, SQLAlchemy ORM, asyncpg"
FLASK = "Flask, SQLAlchemy ORM, psycopg; gunicorn, 8 threads"
FLASK_SYNC = "the same; gunicorn, sync"
VARIANTS = (
    Variant(FLOOR, _uvicorn("peers.floor:app")),
    Variant(FLOOR_OWN_POOL, _uvicorn("peers.floor_statement_pool:app")),
    Variant(
        PRODUCT, lambda port: [sys.executable, "-P", str(Path(__file__).with_name("product_server.py")), str(port)]
    ),
    Variant(STARLETTE_FAST, _uvicorn("peers.starlette_asyncpg:app")),
    Variant(FASTAPI_FAST, _uvicorn("peers.fastapi_asyncpg:app")),
    Variant(FASTAPI, _uvicorn("peers.fastapi_orm:app")),
    Variant(FLASK, _gunicorn("--worker-class", "gthread", "--threads", "8")),
    Variant(FLASK_SYNC, _gunicorn("--worker-class", "sync")),
)
