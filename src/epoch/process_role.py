"""The role of a process: it answers requests, runs jobs, or does both."""

import enum


class ProcessRole(enum.StrEnum):
    """The work of a process and its workers. The value is the command that starts it, such as ``epoch serve``."""

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
        """The kinds of work of the process, for health checks."""
        kinds = (("requests", self.answers_requests), ("jobs", self.runs_jobs))
        return [name for name, is_done in kinds if is_done]
