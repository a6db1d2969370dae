"""Jobs as the worker takes them out of Redis: ours, or none.

RQ imports and calls whatever function a job names, as its callbacks, too, and sends the requests
(webhooks) that a job asks for. Whoever could write to Redis could so run programs as the worker;
here the most that they can do is to have work looked for that is there anyway.
"""

from collections.abc import Callable
from typing import Any

from rq.job import Job

RUN = "app.jobs.tasks.run"


class NotOurs(Exception):
    """A job that nothing of ours asked for; it is not run."""


class OurJob(Job):
    """A job that runs `app.jobs.tasks.run` and nothing else."""

    @property
    def func(self) -> Callable[..., Any]:
        """What is called. Raises NotOurs."""
        if self.instance is not None or self.func_name != RUN:
            raise NotOurs
        found: Callable[..., Any] = super().func
        return found

    success_callback = failure_callback = stopped_callback = property(lambda _self: None)

    def send_webhooks(self, *_: Any, **__: Any) -> None:
        """None of ours has any."""
