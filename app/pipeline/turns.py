"""How long one job works for one shop before the other shops' jobs come: no shop keeps a worker."""

from datetime import timedelta

TURN = timedelta(seconds=0.5)
