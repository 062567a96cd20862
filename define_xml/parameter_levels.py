"""Value levels of analysis parameters: AVAL and AVALC by PARAMCD, and the executed steps that made each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pandas as pd

from specs.expressions import parse
from specs.models import Condition, Dataset, ValueLevel, WhereClause
from spectrail.expressions import nodes
from spectrail.lineage import Lineage, Trace
from spectrail.profile import profile_column

PARAMCD = "PARAMCD"
VALUES = ("AVAL", "AVALC")
"""Variables whose meaning depends on the parameter (ADaMIG 1.3 section 3.3.4)."""


def parameter_levels(frame: pd.DataFrame, spec: Dataset) -> tuple[ValueLevel, ...]:
    """Return one value level of AVAL and AVALC for each parameter that has values of it.

    Variables with value levels in the specification keep those.  A level of AVALC has the codelist of its parameter.
    """
    if PARAMCD not in frame or PARAMCD not in spec.names:
        return ()
    typed = {level.variable for level in spec.value_levels}
    wanted = [name for name in VALUES if name in spec.names and name in frame and name not in typed]
    label = "PARAM" if "PARAM" in frame else ""
    codelists = {one.paramcd: one.codelist for one in spec.parameters}
    return tuple(
        level
        if level.variable != "AVALC"
        else level.model_copy(update={"codelist": codelists.get(parameter_of(level), "")})
        for name in wanted
        for level in levels_by(frame, name, [PARAMCD], labels=label)
    )


def levels_by(frame: pd.DataFrame, variable: str, by: Iterable[str], *, labels: str = "") -> tuple[ValueLevel, ...]:
    """Return one value level of a variable for each combination of the columns `by` that has a value of it.

    `labels` names the column that labels a combination (LBTEST, PARAM); the data type is that of the values.
    """
    names = list(by)
    present = frame[frame[variable].notna()]
    levels = []
    for key, part in present.groupby(names, sort=True, dropna=False):
        conditions = tuple(
            Condition(variable=name, values=("" if pd.isna(value) else _text(value),))
            for name, value in zip(names, key if isinstance(key, tuple) else (key,), strict=True)
        )
        found = profile_column(part[variable])
        kind = "text" if found.kind != "number" else "float" if found.decimals else "integer"
        label = str(part[labels].iloc[0]) if labels else ""
        levels.append(
            ValueLevel(
                variable=variable,
                where=WhereClause(conditions=conditions),
                label=label,
                data_type=kind,  # type: ignore[arg-type]
                mandatory="No",
                name=variable,
            )
        )
    return tuple(levels)


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def parameter_of(level: ValueLevel) -> str:
    """Return the PARAMCD of a value level of one parameter, else nothing."""
    conditions = level.where.conditions
    if level.alternatives or len(conditions) != 1:
        return ""
    (one,) = conditions
    single = one.variable == PARAMCD and one.comparator in ("EQ", "IN") and len(one.values) == 1
    return one.values[0] if single else ""


def qualifier_of(level: ValueLevel) -> str:
    """Return the QNAM of a value level of one supplemental qualifier, else nothing."""
    names = [one.values[0] for one in level.where.conditions if one.variable == "QNAM" and len(one.values) == 1]
    return names[0] if names else ""


def level_traces(lineage: Lineage, level: ValueLevel, variable: str = "") -> tuple[Trace, ...]:
    """Return the executed steps that made the values of a level: of its qualifier, or of its parameter.

    Those of a parameter are the steps whose condition does not leave its records out, of the block of records that
    makes it where one does.  A level of a variable without
    steps for single parameters gives none: what is said of the variable holds.  `variable` is another one whose
    steps are wanted for the same records.
    """
    qualifier = qualifier_of(level)
    if qualifier:
        return lineage.of_variable(f"{level.variable}.{qualifier}")
    code = parameter_of(level)
    traces = lineage.of_variable(variable or level.variable) if code else ()
    if not by_parameter(traces):
        return ()
    home = {one.start for one in lineage.of_variable(PARAMCD) if one.start and one.when and _says(one.when, code)}
    # a condition that always holds here is what the level itself says
    return tuple(
        replace(one, when="") if one.when and _says(one.when, code) else one
        for one in traces
        if may_concern(one.when, code) and (not home or not one.start or one.start in home)
    )


def told_with_values(lineage: Lineage) -> dict[str, str]:
    """Return the variables that steps set together with the values of parameters and that these read: ADT of AVAL.

    What they are by parameter is told where the value is: in its value-level metadata.
    """
    found: dict[str, str] = {}
    for value in VALUES:
        for trace in lineage.of_variable(value):
            together = {one.variable for one in lineage.traces if one.step == trace.step} - set(VALUES)
            if PARAMCD in trace.when:
                found |= dict.fromkeys(together & set(trace.sources) - {PARAMCD}, value)
    return found


def beside_level(lineage: Lineage, level: ValueLevel) -> Iterator[tuple[str, tuple[Trace, ...]]]:
    """Yield what the method of a level tells besides: which records have the parameter, what came with its value."""
    code = parameter_of(level)
    if not code:
        return
    started = tuple(one for one in lineage.of_variable(PARAMCD) if one.start and one.when == f"{PARAMCD} == '{code}'")
    if started:
        yield PARAMCD, started
    for name, value in sorted(told_with_values(lineage).items(), reverse=True):
        traces = level_traces(lineage, level, name) if value == level.variable else ()
        if traces:
            yield name, traces


def by_parameter(traces: tuple[Trace, ...]) -> bool:
    """Tell whether some of the steps of a variable are for some parameters only."""
    return any(PARAMCD in one.when for one in traces)


def may_concern(when: str, code: str) -> bool:
    """Tell whether records of a parameter may meet a condition, from what it says of PARAMCD."""
    return not when or _holds(parse(when).tree, code) is not False


def _says(when: str, code: str) -> bool:
    """Tell whether a condition holds for all records of a parameter."""
    return _holds(parse(when).tree, code) is True


def _holds(node: nodes.Node, code: str) -> bool | None:
    """Return what a condition is for records of a parameter, None where that depends on other variables."""
    if isinstance(node, nodes.Compare) and node.left == nodes.Column(PARAMCD) and node.operator in ("==", "!="):
        if isinstance(node.right, nodes.TextLiteral):
            return (node.right.value == code) == (node.operator == "==")
    elif isinstance(node, nodes.Membership) and node.value == nodes.Column(PARAMCD):
        return (nodes.TextLiteral(code) in node.items) != node.negated
    elif isinstance(node, nodes.Not):
        inner = _holds(node.operand, code)
        return None if inner is None else not inner
    elif isinstance(node, nodes.Logical):
        decisive = node.operator == "or"
        parts = [_holds(one, code) for one in node.operands]
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    return None
