"""Errors sorted by who must act. One table in `pipeline/failures.py` maps them to states."""

from datetime import timedelta


class AfterglowError(Exception):
    """Base of every error that the pipeline knows how to treat."""


class Retryable(AfterglowError):
    """Nothing happened outside; trying again later may work.

    `retry_after` is the other side's own wish (Retry-After, THROTTLED), if it told one.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MerchantMustFix(AfterglowError):
    """Only the merchant can mend it: opens the keyed problem and blocks the action until then."""

    def __init__(self, problem: str, message: str, **params: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.params = params


class OperatorMustFix(Retryable):
    """Our own set-up is wrong (mail log-in refused): loud in the log, tried again."""


class Uncertain(AfterglowError):
    """It may have happened outside, and there is no way to look it up."""


class Refused(AfterglowError):
    """The other side understood and said no for good (address refused, product gone).

    `code` is a stable word for the reason shown to the merchant.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Bug(AfterglowError):
    """Our fault: the row is kept, replayable, and shown as such."""


class BadPayload(AfterglowError):
    """A body that we cannot read as what its topic promises; it is parked, never guessed."""
