"""The worker, in a world with faults."""

from app import worker
from faults.entry import broken, fuse, world

if __name__ == "__main__":
    world.let_the_clock_jump()
    world.let_the_database_fill()
    broken.break_guards()
    fuse.lay()
    world.here()
    worker.main()
