"""What can go wrong when a person or a test plays merchant."""


class ActionError(Exception):
    """The shop does not allow this action now; the text says why."""
