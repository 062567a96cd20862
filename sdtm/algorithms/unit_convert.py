"""`unit_convert`: collected results and limits to standard units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.algorithms import units
from sdtm.algorithms.numbers import Decimals, Reading, decimal_text, read_number
from sdtm.catalog import ALGORITHMS
from specs.terminology import How, Terms, terminology
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.findings import Severity
from spectrail.memo import per_column
from spectrail.steps import Outcome, Positions, Problem, Table, Values

Give = Literal["value", "text", "unit", "low", "high"]
HEADERS = ("TEST", "FROM", "TO", "FACTOR", "OFFSET")
ANY = "*"
_ROUNDED = Context(prec=15)

READ, UNREAD, NO_UNIT, UNKNOWN_UNIT, NO_CONVERSION, TWO_UNITS = range(6)
_TROUBLE: dict[int, tuple[str, Severity, str]] = {
    UNREAD: ("MAP-RESULT-UNREAD", "error", "result with digits that is not a number by the stated rules"),
    NO_UNIT: ("MAP-UNIT-MISSING", "error", "numeric result without a unit; not converted"),
    UNKNOWN_UNIT: ("MAP-UNIT-UNKNOWN", "error", "unit that is not known; not converted"),
    NO_CONVERSION: ("MAP-UNIT-NO-CONVERSION", "error", "no conversion to the standard unit of the test is known"),
    TWO_UNITS: ("MAP-UNIT-CONFLICT", "error", "result with a percent sign but another unit; not converted"),
}
_NOTED = "MAP-RESULT-ANNOTATED"
_LIMIT = "MAP-LIMIT-UNREAD"


@dataclass(frozen=True)
class Conversion:
    """How one (test, unit) is converted: `value * factor + offset` in `unit`; `state` READ when it can be."""

    unit: str = ""
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    state: int = READ


@ALGORITHMS.column(
    method="[give=unit!{source:1} in the standard unit of the test][give=text?, as text]"
    "[give=unit?standard unit of the test], converted from the unit in {source:2}"
)
def unit_convert(
    values: Values,
    unit: Values,
    test: Values | None = None,
    *,
    give: Give,
    table: Table | None = None,
    units: Terms | None = None,
    decimal: Decimals = "point",
) -> Outcome:
    """Convert results (`give`: value, text), limits (low, high) or units (unit) to standard units.

    Sources are the collected result or limit, its unit, and the test code.  `table` has the columns TEST, FROM, TO,
    FACTOR and OFFSET: for a test (or `*`) and a unit (`*` for every unit, blank for none) the standard unit, and the
    factor and offset unless general facts (`sdtm.algorithms.units`) give them.  A test without a row keeps its unit.

    Products are exact decimals (15 significant digits where the factor is no finite decimal).  `value` is null for
    `<0.1` and for qualitative results, whose `text` is `<` with the converted number, or the result as it is.  A
    result that cannot be read, a blank, unknown or unconvertible unit is null in `value` and `unit`, as collected in
    `text`, and a problem.
    """
    text = frames.clean_text(values)
    codes, distinct, readings = _read(text, decimal)
    pairs, conversions = _conversions(unit, test, _Rules(table, units))
    result = _Result(codes, readings, distinct, pairs, conversions)
    problems = _problems(result, give, text, frames.as_text(unit))
    if give == "unit":
        return Outcome(result.units(), problems)
    if give == "text":
        return Outcome(result.texts(), problems)
    return Outcome(result.values(), problems)


@per_column
def _read(text: pd.Series, decimal: Decimals) -> tuple[Positions, pd.Index, list[Reading]]:
    codes, distinct = frames.factorize(text)
    return codes, distinct, [read_number(value, decimal) for value in distinct.tolist()]


class _Rules:
    """The study's conversion table and codelist of units, ready for (test, unit) pairs."""

    def __init__(self, table: pd.DataFrame | None, terms: Terms | None) -> None:
        self.terms = terms if terms is not None else terminology().terms("UNIT")
        self.rows: dict[tuple[str, str], tuple[str, str, str]] = {}
        self.tests: set[str] = set()
        if table is not None:
            self._read(table)

    def _read(self, table: pd.DataFrame) -> None:
        names: Mapping[str, str] = {str(name).upper(): str(name) for name in table.columns}
        absent = [name for name in ("TEST", "FROM", "TO") if name not in names]
        if absent:
            raise SpecError(
                f"unit table lacks the column {absent[0]}", hint="columns: TEST, FROM, TO, FACTOR and OFFSET"
            )
        columns = [
            frames.as_text(table[names[name]]).fillna("").tolist() if name in names else [""] * len(table)
            for name in HEADERS
        ]
        for test, source, target, factor, offset in zip(*columns, strict=True):
            key = (test or ANY, source if source == ANY else units.normal_unit(source))
            row = (target, factor, offset)
            if self.rows.setdefault(key, row) != row:
                raise SpecError(f"unit table has two conversions for test {test or ANY!r} and unit {source!r}")
            self.tests.add(key[0])

    def submission(self, unit: str) -> tuple[str, bool]:
        """Return the submission value of a unit and whether it is known to the codelist or the facts."""
        for spelling in dict.fromkeys((unit, units.normal_unit(unit))):
            found, how = self.terms.find(spelling)
            if how not in (How.UNMATCHED, How.NULL) and found:
                return found, True
        plain = units.normal_unit(unit)
        return plain, units.scale(plain) is not None

    def conversion(self, test: str, unit: str) -> Conversion:
        """Return how results of a test in a unit are converted."""
        plain = units.normal_unit(unit)
        known_as, known = self.submission(unit) if unit else ("", False)
        spellings = dict.fromkeys((plain, units.normal_unit(known_as)))
        for name in (test, ANY):
            for spelling in spellings:
                if (name, spelling) in self.rows:
                    return self._by_row(test, spelling, self.rows[name, spelling])
        if not unit:
            return Conversion(state=NO_UNIT)
        for name in (test, ANY):
            if (name, ANY) in self.rows:
                return self._by_row(test, plain, self.rows[name, ANY]) if known else Conversion(state=UNKNOWN_UNIT)
        if not known:
            return Conversion(state=UNKNOWN_UNIT)
        return Conversion(known_as) if test not in self.tests else Conversion(state=NO_CONVERSION)

    def _by_row(self, test: str, source: str, row: tuple[str, str, str]) -> Conversion:
        target, factor, offset = row
        if factor or offset:
            return Conversion(target, _fraction(factor or "1"), _fraction(offset or "0"))
        if not source or not target:
            return Conversion(target)
        found = units.factor(test, source, units.normal_unit(target))
        if found is None:
            return Conversion(state=NO_CONVERSION)
        return Conversion(target, *found)


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise SpecError(f"unit table: {text!r} is not a number", hint="write for example 88.4 or 5/9") from None


def _conversions(unit: pd.Series, test: pd.Series | None, rules: _Rules) -> tuple[Positions, list[Conversion]]:
    unit = frames.clean_text(unit).fillna("")
    tests = frames.clean_text(test).fillna("") if test is not None else None
    codes, count = frames.group_codes([unit] if tests is None else [unit, tests])
    first = frames.first_positions(codes, count).tolist()
    found = [rules.conversion("" if tests is None else str(tests.iloc[row]), str(unit.iloc[row])) for row in first]
    # a result with its own percent sign and no unit is converted as one in percent
    percent = [rules.conversion("" if tests is None else str(tests.iloc[row]), "%") for row in first]
    blank = [not str(unit.iloc[row]) for row in first]
    in_percent = [not str(unit.iloc[row]) or units.normal_unit(str(unit.iloc[row])) == "%" for row in first]
    conflict = Conversion(state=TWO_UNITS)
    signed = [
        p if b else (f if i else conflict) for f, p, b, i in zip(found, percent, blank, in_percent, strict=True)
    ]
    return codes, [*found, *signed]


class _Result:
    """Distinct pairs of (reading, conversion) and the rows that hold them."""

    def __init__(
        self,
        codes: Positions,
        readings: list[Reading],
        texts: pd.Index,
        pairs: Positions,
        conversions: list[Conversion],
    ) -> None:
        self.readings, self.originals = [*readings, Reading()], [*texts.tolist(), None]
        signed = np.array([one.percent for one in self.readings], dtype=bool)
        half = len(conversions) // 2
        # many (test, unit) pairs share a conversion, and a result is converted once for each conversion
        numbers = {one: number for number, one in enumerate(dict.fromkeys(conversions))}
        same = np.array([numbers[one] for one in conversions], dtype=np.int64)
        self.conversions = conversions = list(numbers)
        pairs = same[pairs + np.where(signed[codes], half, 0)] if len(same) else pairs
        packed = (codes + 1) * max(len(conversions), 1) + pairs
        self.rows, distinct = pd.factorize(packed)
        self.reading = distinct // max(len(conversions), 1) - 1
        self.conversion = distinct % max(len(conversions), 1)
        numeric = np.array([one.number is not None for one in self.readings], dtype=bool)
        unread = np.array([one.unread for one in self.readings], dtype=bool)
        states = np.array([one.state for one in conversions] + [READ], dtype=np.int8)
        self.numeric = numeric[self.reading]
        self.state = np.where(self.numeric, states[self.conversion], READ)
        self.state = np.where(unread[self.reading], UNREAD, self.state).astype(np.int8)

    def _converted(self, which: npt.NDArray[np.bool_]) -> list[Decimal | None]:
        made: list[Decimal | None] = [None] * len(self.reading)
        factors = [_scaling(one) for one in self.conversions]
        for at in np.flatnonzero(which).tolist():
            number = self.readings[self.reading[at]].number
            multiplier, exact = factors[self.conversion[at]]
            assert number is not None
            if exact is not None:
                made[at] = number if multiplier is None else number * multiplier
            else:
                conversion = self.conversions[self.conversion[at]]
                made[at] = _ratio(Fraction(number) * conversion.factor + conversion.offset)
        return made

    def values(self) -> npt.NDArray[np.float64]:
        """Return the converted numbers; NaN for qualitative, compared and unread results."""
        plain = np.array([not one.comparator for one in self.readings], dtype=bool)
        made = self._converted(self.numeric & (self.state == READ) & plain[self.reading])
        numbers = np.array([np.nan if one is None else float(one) for one in made], dtype=np.float64)
        return frames.take_numbers(numbers, self.rows)

    def texts(self) -> pd.Series:
        """Return converted results as text; what cannot be converted stays as collected."""
        made = self._converted(self.numeric & (self.state == READ))
        texts = [
            self.originals[reading] if number is None else self.readings[reading].comparator + decimal_text(number)
            for number, reading in zip(made, self.reading.tolist(), strict=True)
        ]
        return frames.take_text(texts, self.rows)

    def units(self) -> pd.Series:
        """Return the standard unit of numeric results."""
        good = self.numeric & (self.state == READ)
        texts = [
            self.conversions[conversion].unit if usable else None
            for usable, conversion in zip(good.tolist(), self.conversion.tolist(), strict=True)
        ]
        return frames.take_text(texts, self.rows)


def _scaling(conversion: Conversion) -> tuple[Decimal | None, bool | None]:
    """Return a multiplier when the conversion is a finite decimal factor (None for 1); (None, None) when it is
    not."""
    if conversion.offset:
        return None, None
    if conversion.factor == 1:
        return None, True
    found = _finite(conversion.factor)
    return (found, True) if found is not None else (None, None)


def _finite(number: Fraction) -> Decimal | None:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return None
    return Context(prec=60).divide(Decimal(number.numerator), Decimal(number.denominator))


def _ratio(number: Fraction) -> Decimal:
    exact = _finite(number)
    return exact if exact is not None else _ROUNDED.divide(Decimal(number.numerator), Decimal(number.denominator))


def _problems(result: _Result, give: Give, text: pd.Series, unit: pd.Series) -> tuple[Problem, ...]:
    if give == "unit":
        return ()
    found: list[Problem] = []
    limit = give in ("low", "high")
    states = result.state[result.rows] if len(result.rows) else result.rows
    for state, (rule, severity, message) in _TROUBLE.items():
        if limit and state != UNREAD:
            continue  # the unit was reported with the result
        rows = np.flatnonzero(states == state).astype(np.int64)
        if not len(rows):
            continue
        if state in (UNKNOWN_UNIT, NO_CONVERSION):
            found.append(Problem(rule, severity, message, rows, unit.iloc[rows].to_numpy(), once=True))
        else:
            found.append(Problem(_LIMIT if limit else rule, severity, message, rows, text.iloc[rows].to_numpy()))
    noted = np.array([bool(one.note) for one in result.readings], dtype=bool)
    if noted.any() and not limit:
        rows = np.flatnonzero(noted[result.reading][result.rows]).astype(np.int64)
        message = "number read although the result holds more than a number (annotation or other decimal mark)"
        found.append(Problem(_NOTED, "notice", message, rows, text.iloc[rows].to_numpy(), once=True))
    return tuple(found)
