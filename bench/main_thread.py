"""Reads the tasks of a page's main thread from a trace of the browser: all tasks, and those of the phone's script.

Times are the thread's processor time, which other programs on the machine do not lengthen. The idle work with which the
browser simulates a slower processor is counted.

A trace names the script of a function call, but not the script of a microtask, such as the code after an ``await``. A
task that begins with microtasks is counted as the phone's, because the pages of the benchmarks have no such tasks
themselves.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8.execute"]
LONG_MS = 50
MAIN = "CrRendererMain"
MICROTASKS = "RunMicrotasks"
CALLS = ("EvaluateScript", "FunctionCall", "v8.evaluateModule", "v8.run")
"""Events in which a script begins to run other than as a microtask."""
BUILT_IN = "0"
"""The browser's id for the script of functions that are no script's, such as the one that resolves a promise."""
Event = Mapping[str, Any]
Thread = tuple[int, int]


class Tasks(NamedTuple):
    """The tasks of a page's main thread in one phase; milliseconds."""

    longest: float
    blocking: float
    """Total blocking time: what each task takes beyond 50 ms."""
    busy: float
    ours: float
    """The longest task in which a script of ours ran, by a call or in microtasks."""


def tasks_of(trace: bytes, page: str, ours: str | None) -> Tasks:
    """The tasks of the page of origin ``page`` in ``trace``; ours are those with a script of origin ``ours``."""
    events: list[Event] = json.loads(trace)["traceEvents"]
    by_thread: dict[Thread, list[Event]] = defaultdict(list)
    for event in events:
        if event.get("ph") == "X" and "tdur" in event:
            by_thread[event["pid"], event["tid"]].append(event)
    origins = tuple(filter(None, (page, ours)))
    # The browser has pages of its own, such as that of its address field, which are busier.
    thread = max(_main_threads(events), key=lambda thread: len(_with_scripts_of(by_thread[thread], *origins)))
    tasks = [event for event in by_thread[thread] if event["name"] == "RunTask"]
    times = [task["tdur"] / 1000 for task in tasks]
    return Tasks(
        longest=max(times),
        blocking=sum(max(0, time - LONG_MS) for time in times),
        busy=sum(times),
        ours=max(_times_of(ours, tasks, by_thread[thread]), default=0.0) if ours else 0.0,
    )


def _main_threads(events: Iterable[Event]) -> Iterable[Thread]:
    for event in events:
        if event.get("name") == "thread_name" and event.get("args", {}).get("name") == MAIN:
            yield event["pid"], event["tid"]


def _with_scripts_of(events: Iterable[Event], *origins: str) -> list[Event]:
    return [event for event in events if _script_of(event).startswith(origins)]


def _script_of(event: Event) -> str:
    data = event.get("args", {}).get("data")
    return str(data.get("url", "")) if isinstance(data, dict) else ""


def _times_of(ours: str, tasks: Iterable[Event], events: Iterable[Event]) -> Iterable[float]:
    """The times in milliseconds of the ``tasks`` in which a script of origin ``ours`` ran."""
    starts = [event for event in events if _starts_script(event) or _script_of(event).startswith(ours)]
    for task in tasks:
        end = task["ts"] + task["dur"]
        inside = [event for event in starts if task["ts"] <= event["ts"] < end]
        has_microtasks_alone = {event["name"] for event in inside} == {MICROTASKS}
        if has_microtasks_alone or _with_scripts_of(inside, ours):
            yield task["tdur"] / 1000


def _starts_script(event: Event) -> bool:
    data = event.get("args", {}).get("data")
    is_built_in = isinstance(data, dict) and data.get("scriptId") == BUILT_IN
    return event["name"] == MICROTASKS or (event["name"] in CALLS and not is_built_in)
