"""The way of a return: asked for, decided, carried out in the store, told to the customer.

`steps` moves a row from state to state and plans what follows; `follow` takes what the store
tells of its own returns; `rule` asks the automation. All run inside the caller's transaction.
"""

from app.pipeline.returns.follow import (
    follow,
    follow_refunds,
    follow_withdrawal,
    left_of,
    words_of,
)
from app.pipeline.returns.rule import rule
from app.pipeline.returns.steps import move, open_return, take_back

__all__ = [
    "follow",
    "follow_refunds",
    "follow_withdrawal",
    "left_of",
    "move",
    "open_return",
    "rule",
    "take_back",
    "words_of",
]
