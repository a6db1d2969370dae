"""The clock, in a world with faults."""

from app import clock
from faults.entry import fuse, world

if __name__ == "__main__":
    world.let_the_clock_jump()
    world.let_the_database_fill()
    fuse.lay()
    world.here()
    clock.main()
