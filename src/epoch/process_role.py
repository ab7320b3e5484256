"""The roles of a process: requests, jobs, or both."""

import enum


class ProcessRole(enum.StrEnum):
    """The work of a process and its workers; the value is the command that starts it."""

    RUN = "run"
    """Requests and jobs. It also migrates, and starts the embedded database and the sandbox carrier."""
    SERVE = "serve"
    """Requests alone: jobs that they enqueue wait for a process that runs jobs."""
    JOBS = "jobs"
    """Queued jobs and periodic tasks alone, and health checks about them."""

    @property
    def answers_requests(self) -> bool:
        return self is not ProcessRole.JOBS

    @property
    def runs_jobs(self) -> bool:
        return self is not ProcessRole.SERVE

    @property
    def work(self) -> list[str]:
        """The kinds of work that it does, for health checks."""
        return [name for name, does in (("requests", self.answers_requests), ("jobs", self.runs_jobs)) if does]
