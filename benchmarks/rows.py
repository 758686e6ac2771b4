"""One line of the table: something measured, and the same of a peer in the same run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`ours` and `peer` in the unit that `what` names."""

    what: str
    ours: float
    peer: float
    peer_is: str
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    def __str__(self) -> str:
        line = f"{self.what:48s}{self.ours:9.1f}{self.peer:9.1f}{self.ratio:8.3f}   {self.peer_is}"
        return f"{line}\n  {self.note}" if self.note else line
