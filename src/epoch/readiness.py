"""The readiness of this process for requests, which load balancers ask for: starting, ready or draining."""

import enum

from epoch.process_role import ProcessRole
from kit.http.app_key import AppKey


class ReadinessState(enum.StrEnum):
    """The states of a process, in their order."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    """The process is about to stop: it still answers, but load balancers should send it no new requests."""


class Readiness:
    """The state and the role of one process.

    A failing dependency does not change the state: no other machine would answer better.
    """

    def __init__(self, role: ProcessRole) -> None:
        self.role = role
        self.state = ReadinessState.STARTING

    def set_ready(self) -> None:
        if self.state is ReadinessState.STARTING:
            self.state = ReadinessState.READY

    def drain(self) -> None:
        self.state = ReadinessState.DRAINING


READINESS: AppKey[Readiness] = AppKey("readiness")
