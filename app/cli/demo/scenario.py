"""The scenario file: stories in order, their steps by day, and how each order must end."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cli.demo.drivers import Person

FILE = Path(__file__).with_name("scenario.toml")


@dataclass(frozen=True)
class Step:
    """Words that `play` understands, on a day counted from the connection."""

    day: int
    words: str


@dataclass(frozen=True)
class Story:
    """One customer's story; `expect` is the end of each order, by its name."""

    title: str
    who: Person
    steps: tuple[Step, ...]
    expect: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """All stories. `end` is what each platform holds as a whole."""

    stories: tuple[Story, ...]
    last_day: int
    end: Mapping[str, Mapping[str, Any]]

    def in_order(self) -> Iterator[tuple[Story, Step]]:
        """Day by day, story by story."""
        days = sorted({step.day for story in self.stories for step in story.steps})
        for day in days:
            for story in self.stories:
                for step in story.steps:
                    if step.day == day:
                        yield story, step

    def orders(self, platform: str) -> dict[str, Mapping[str, Any]]:
        """How each order must end on a platform, by its name."""
        ends = (entry for story in self.stories for entry in story.expect.items())
        return {name: end.get(platform, end) for name, end in ends}

    @property
    def first_day(self) -> int:
        """The day of the earliest step; before 0 nothing is connected."""
        return min(step.day for story in self.stories for step in story.steps)


def load() -> Scenario:
    """Read the file that comes with the program."""
    given = tomllib.loads(FILE.read_text())
    stories = tuple(
        Story(
            title=story["title"],
            who=Person(**story["who"]),
            steps=tuple(Step(day, words) for day, words in story["steps"]),
            expect=story.get("expect", {}),
        )
        for story in given["story"]
    )
    return Scenario(stories, given["last_day"], given["end"])
