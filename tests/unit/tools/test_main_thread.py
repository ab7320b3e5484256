"""The benchmark of a page's main thread attributes each task in which a script of the phone ran to the phone."""

import json
from typing import Any

import pytest

from support.tools import import_tool

main_thread = import_tool("main_thread", "bench")
PAGE, OURS = "http://127.0.0.1:1", "http://localhost:2"
MS = 1000
"""Traces have microseconds."""


def event(name: str, start: int, duration: int, url: str | None = None, script: str = "7") -> dict[str, Any]:
    """A complete event of the page's main thread, which ran all the time; milliseconds."""
    args = {} if url is None else {"data": {"url": url, "scriptId": script}}
    times = {"ts": start * MS, "dur": duration * MS, "tdur": duration * MS}
    return {"ph": "X", "pid": 1, "tid": 1, "name": name, "args": args, **times}


def trace(*events: dict[str, Any]) -> bytes:
    """A trace with ``events``, after a short task with a script of the page."""
    thread = {"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "CrRendererMain"}}
    page = [event("RunTask", 0, 2), event("EvaluateScript", 0, 1, f"{PAGE}/app.js")]
    return json.dumps({"traceEvents": [thread, *page, *events]}).encode()


@pytest.mark.parametrize(
    ("inside", "ours"),
    [
        ([event("FunctionCall", 101, 60, f"{OURS}/widget/phone.js")], 80),
        ([event("v8.evaluateModule", 101, 60, f"{OURS}/widget/dialer-1.js")], 80),
        ([event("RunMicrotasks", 101, 60)], 80),
        ([event("FunctionCall", 101, 1, "", script="0"), event("RunMicrotasks", 102, 60)], 80),
        ([event("FunctionCall", 101, 5, f"{OURS}/widget/phone.js"), event("RunMicrotasks", 106, 60)], 80),
        ([event("FunctionCall", 101, 5, f"{PAGE}/app.js"), event("RunMicrotasks", 106, 60)], 0),
        ([event("FunctionCall", 101, 5, ""), event("RunMicrotasks", 106, 60)], 0),
        ([event("FunctionCall", 101, 60, f"{PAGE}/app.js")], 0),
        ([event("ParseHTML", 101, 60, f"{PAGE}/1")], 0),
        ([], 0),
    ],
    ids=[
        "our function",
        "our module",
        "microtasks alone",
        "microtasks behind a timer that resolves a promise",
        "microtasks behind our function",
        "microtasks behind the page's function",
        "microtasks behind the benchmark's function",
        "the page's function",
        "the browser's own work",
        "nothing",
    ],
)
def test_the_longest_task_of_ours(inside: list[dict[str, Any]], ours: int) -> None:
    tasks = main_thread.tasks_of(trace(event("RunTask", 100, 80), *inside, event("RunTask", 200, 90)), PAGE, OURS)
    assert (tasks.longest, tasks.blocking, tasks.busy) == (90, 70, 172)
    assert tasks.ours == ours


def test_a_page_without_the_phone_has_no_task_of_ours() -> None:
    tasks = main_thread.tasks_of(trace(event("RunTask", 100, 80), event("RunMicrotasks", 101, 60)), PAGE, None)
    assert (tasks.longest, tasks.ours) == (80, 0)
