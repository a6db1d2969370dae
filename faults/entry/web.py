"""The web process, in a world with faults: granian is given this factory instead of the app's."""

from app import front
from faults.entry import fuse, world


def create_front() -> front.Front:
    """The real application."""
    world.let_the_clock_jump()
    world.let_the_database_fill()
    fuse.lay()
    return front.create_front()
