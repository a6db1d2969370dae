"""The web process, in a world with faults: granian is given this factory instead of the app's."""

from flask import Flask

from app import web
from faults.entry import fuse, world


def create_app() -> Flask:
    """The real application."""
    world.let_the_clock_jump()
    world.let_the_database_fill()
    fuse.lay()
    return web.create_app()
