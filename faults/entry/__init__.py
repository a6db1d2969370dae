"""How the harness starts the product's processes: the real entry points, in a world with faults.

Nothing inside `app/` knows of faults. These modules start its processes and, before their `main`,
put three things around them: a machine's clock that can jump, a database that can be full or
read-only, and a fuse that kills the process at one exact step of one effect.
"""
