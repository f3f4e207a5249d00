"""One medium at one terminal, at one moment: where that is, and what the gate knows."""

from dataclasses import dataclass, replace

from tongxing.deciding.facts import GateContext, Role, ValidatorFacts
from tongxing.deciding.token import MediumToken
from tongxing.gate.heads import side_of


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a medium is held, and what the gate knows at this moment."""

    facts: ValidatorFacts
    context: GateContext

    @property
    def now_s(self) -> int:
        """When it is."""
        return self.context.now_s

    def of(self, token: MediumToken) -> "Visit":
        """The visit of this very medium: at a reader for both sides, it is on one of them."""
        return replace(self, facts=side_of(token, self.facts, self.context))

    def again(self, role: Role) -> "Visit":
        """The visit of somebody who comes again for what was begun in that role."""
        if not self.facts.one_head:
            return self
        return replace(self, facts=replace(self.facts, role=role))
