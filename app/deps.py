"""Everything that an entry point needs, built once by `bootstrap`, passed down from there."""

from collections.abc import Callable
from dataclasses import dataclass

from app.config import Settings
from app.db.session import Signal
from app.pipeline.runtime import Runtime


@dataclass(frozen=True)
class Deps(Runtime):
    """The pipeline's runtime plus settings and the way to enqueue a job."""

    settings: Settings
    dispatch: Callable[[Signal], None]
