"""Running operations: where they read, what they share, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spectrail.errors import UnknownNameError
from spectrail.registry import Registry
from validation.core.columns import Column
from validation.core.conditions import column_names
from validation.core.frames import Frame
from validation.core.identity import Identity
from validation.core.row_matching import shared_codes
from validation.core.rule_files import OperationSpec
from validation.core.session import Session
from validation.core.signals import ColumnAbsent, NotEvaluated, wrong_type

ALWAYS_SUBMITTED = ("RELREC", "CO")


@dataclass(frozen=True)
class Call:
    """One operation on one dataset: `frame` is the current, already joined frame, `names` the dataset's files."""

    session: Session
    identity: Identity
    names: tuple[str, ...]
    frame: Frame
    spec: OperationSpec

    @property
    def size(self) -> int:
        """Rows of the current frame."""
        return self.frame.size

    def dataset(self) -> str:
        """Return the submitted dataset that the operation reads; raise when it is not in the study."""
        wanted = self.wanted()
        if wanted == self.identity.unsplit:
            return self.names[0]
        name = self.session.find(wanted)
        if name is None:
            raise NotEvaluated(f"dataset {wanted} is not in the study", cause="dataset_absent")
        return name

    def wanted(self) -> str:
        """Return the domain that the operation names, by default the own one."""
        domain = self.spec.domain
        if not domain:
            return self.identity.unsplit
        if domain in ("SUPP--", "SQ--"):
            return domain[:-2] + self.identity.rdomain
        return self.frame.resolve(domain)

    def source(self) -> Frame:
        """Return the rows that the operation reads: the current frame for the own domain, else a submitted file."""
        wanted = self.wanted()
        if wanted not in ALWAYS_SUBMITTED and not wanted.startswith(("SUPP", "SQ")) and self._current(wanted):
            return self.frame
        return self.session.whole(self.dataset())

    def _current(self, wanted: str) -> bool:
        if not self.frame.has("DOMAIN") or not self.frame.size:
            return False
        column = self.frame.column("DOMAIN")
        return column.codes[0] >= 0 and column.distinct[column.codes[0]] == wanted

    def variable(self, name: str | None = None) -> str:
        """Return a variable name of the operation, `--` being the named domain, else the wildcard value."""
        written = self.spec.name if name is None else name
        if written.startswith("--") and self.spec.domain and "--" not in self.spec.domain:
            return self.spec.domain + written[2:]
        return self.frame.resolve(written)

    def constant(self, value: Any) -> Column:
        """Repeat a value or one shared list on every row."""
        return Column.constant(value, self.size)


Operation = Callable[[Call], Column]
OPERATIONS: Registry[Operation] = Registry("operation")


def add_operations(
    session: Session, identity: Identity, names: Sequence[str], frame: Frame, specs: Sequence[OperationSpec]
) -> tuple[Frame, NotEvaluated | None]:
    """Compute operations in listed order; each is one more column that the next ones can use.

    An operation on a dataset that is not in the study stops only what asks for its column; the first such signal is
    returned beside the frame.
    """
    absent: NotEvaluated | None = None
    for spec in specs:
        call = Call(session, identity, tuple(names), frame, spec)
        try:
            column = session.kept(_key(call), lambda call=call: (call.frame, run(call)))[1]  # type: ignore[misc]
        except NotEvaluated as signal:
            if signal.cause != "dataset_absent":
                raise
            absent = absent or signal
            frame = frame.without(spec.id, signal)
            continue
        frame = frame.with_columns({spec.id: column})
    return frame, absent


def _key(call: Call) -> tuple[Any, ...]:
    # The frame itself is kept beside the result, so its id cannot be given to another frame meanwhile.
    return ("operation", repr(replace(call.spec, id="")), call.identity.name, call.names, id(call.frame))


def run(call: Call) -> Column:
    """Run one operation; raise `NotEvaluated` for an unknown one."""
    return operation(call.spec.operator)(call)


def operation(name: str) -> Operation:
    """Return a registered operation."""
    try:
        return OPERATIONS[name]
    except UnknownNameError as error:
        hint = f" ({error.hint})" if error.hint.startswith("did you mean") else ""
        raise NotEvaluated(f"{error.what}{hint}", cause="broken_rule") from None


def filtered(call: Call, source: Frame) -> npt.NDArray[np.bool_]:
    """Tell which source rows pass the filter: equality per column, a trailing `&` asks for a prefix."""
    keep = np.ones(source.size, dtype=bool)
    for name, wanted in call.spec.filter:
        column = source.column(call.variable(name))
        if isinstance(wanted, str) and wanted.endswith("&"):
            start = wanted[:-1]
            keep &= column.where(lambda value, start=start: isinstance(value, str) and value.startswith(start))  # type: ignore[misc]
        else:
            members = wanted if isinstance(wanted, list) else [wanted]
            keep &= column.where(lambda value, members=members: value in members)  # type: ignore[misc]
    return keep


@dataclass(frozen=True)
class Groups:
    """Group codes of source rows and of the current frame's rows in one space of `count` groups."""

    source: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int64]
    count: int
    null: npt.NDArray[np.bool_]

    def spread(self, codes: npt.NDArray[Any], present: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Give each frame row the code of its group, -1 where the group is not in the source."""
        return np.where(present[self.frame], codes[self.frame], -1)


def group_names(call: Call) -> list[str]:
    """Return the group columns, list-valued `$id` columns expanded."""
    names = [call.variable(name) for name in call.spec.group]
    return column_names(call.frame, names) if any(name.startswith("$") for name in names) else names


def grouped(call: Call, source: Frame, change: Callable[[Column], Column] = lambda column: column) -> Groups:
    """Match the groups of the source with the rows of the current frame (aliases name the frame's columns)."""
    names = group_names(call)
    aliases = [call.variable(name) for name in call.spec.group_aliases]
    own = [*aliases, *names[len(aliases) :]] if aliases else names
    if not names:
        raise wrong_type(f"operation {call.spec.id}: the group is empty")
    for name in names:
        if not source.has(name):
            raise ColumnAbsent(name)
    left = [change(call.frame.column(name)) for name in own]
    right = left if source is call.frame and own == names else [change(source.column(name)) for name in names]
    frame_codes, source_codes = shared_codes(left, right)
    count = int(max(frame_codes.max(initial=-1), source_codes.max(initial=-1))) + 1
    null = np.zeros(call.size, dtype=bool)
    for column in left:
        null |= column.null
    return Groups(source_codes, frame_codes, count, null)
