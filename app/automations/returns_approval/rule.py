"""What all rules of returns have."""

from pydantic import Field

from app.automations.base import SettingsModel
from app.automations.returns_approval.entries import OUTCOMES
from app.domain.returns import ReturnOutcome
from app.i18n.translator import N_


class Rule(SettingsModel):
    """What all rules have."""

    on: bool = Field(
        default=True,
        title=N_("In use"),
        description=N_("A rule that is off is passed over."),
    )
    outcome: ReturnOutcome = Field(
        default=ReturnOutcome.HOLD,
        title=N_("Then"),
        description=N_(
            "Inside the statutory withdrawal period a return is left to you instead of declined."
        ),
        json_schema_extra={"choices": {**OUTCOMES}},
    )

    @property
    def idle(self) -> bool:
        """Whether it has nothing to look for."""
        return False
