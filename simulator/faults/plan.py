"""A plan of faults, read from YAML or JSON.

    seed: 7
    webhooks:
      - {fault: lost, share: 0.1, of: [status]}

What each fault may say stands in `kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.faults.fault_parameters import BadPlan
from simulator.faults.kinds import SECTIONS, Kind
from simulator.yaml_files import read_as

MOST_FAULTS = 200


@dataclass(frozen=True)
class Fault:
    """One kind of trouble with its values; names and types are those of its kind."""

    kind: Kind
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """Where it stands in the plan."""
        return self.kind.section

    @property
    def name(self) -> str:
        """What its kind is called."""
        return self.kind.name

    @property
    def share(self) -> float:
        """How many of a hundred percent it strikes, 0 to 1."""
        return float(self.values.get("share", 1.0))

    @property
    def times(self) -> int:
        """How often a request is sent in all, or how many fetches are spoiled."""
        return int(self.values.get("times", 1))

    def is_for(self, purpose: str) -> bool:
        """Whether its `of` names this, or nothing."""
        of: tuple[str, ...] = self.values.get("of", ())
        return not of or purpose in of

    def span(self, name: str) -> tuple[float, float]:
        """A range among its values."""
        least, most = self.values.get(name, (0.0, 0.0))
        return float(least), float(most)

    def shown(self) -> dict[str, Any]:
        """As it would be written in a plan."""
        plain = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.values.items()
        }
        return {"fault": self.name, **plain}


@dataclass(frozen=True)
class Plan:
    """What goes wrong in a run; `seed` draws whom it strikes."""

    faults: tuple[Fault, ...] = ()
    seed: int = 1

    def of(self, section: str) -> list[tuple[int, Fault]]:
        """The faults of a section, each with its place in the plan."""
        return [(place, one) for place, one in enumerate(self.faults) if one.section == section]

    def shown(self) -> dict[str, Any]:
        """As it would be written."""
        plain: dict[str, Any] = {"seed": self.seed}
        for fault in self.faults:
            plain.setdefault(fault.section, []).append(fault.shown())
        return plain


def load_plan(path: Path) -> Plan:
    """Read a plan from a YAML file. Raises BadPlan."""
    return read_as(path, plan_from, BadPlan)


def plan_from(source: Any) -> Plan:
    """Read a plan: `seed`, and lists of faults by section. Raises BadPlan."""
    allowed = ", ".join(("seed", *SECTIONS))
    if not isinstance(source, Mapping):
        raise BadPlan(f"expected {allowed}, got {type(source).__name__}")
    unknown = [name for name in source if name not in ("seed", *SECTIONS)]
    if unknown:
        raise BadPlan(f"unknown key {unknown[0]!r}; allowed: {allowed}")
    seed = source.get("seed", 1)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise BadPlan(f"seed: expected a whole number, got {seed!r}")
    faults = [fault for section in SECTIONS for fault in _section(section, source.get(section, []))]
    if len(faults) > MOST_FAULTS:
        raise BadPlan(f"expected at most {MOST_FAULTS} faults, got {len(faults)}")
    return Plan(tuple(faults), seed)


def _section(section: str, entries: Any) -> list[Fault]:
    if not isinstance(entries, list):
        raise BadPlan(f"{section}: expected a list of faults, got {type(entries).__name__}")
    return [_fault(f"{section} {n}", section, entry) for n, entry in enumerate(entries, start=1)]


def _fault(where: str, section: str, entry: Any) -> Fault:
    kinds = {kind.name: kind for kind in SECTIONS[section]}
    if not isinstance(entry, Mapping) or "fault" not in entry:
        raise BadPlan(f"{where}: expected fault: one of {', '.join(kinds)}")
    kind = kinds.get(str(entry["fault"]))
    if kind is None:
        raise BadPlan(f"{where}: expected one of {', '.join(kinds)}, got {entry['fault']!r}")
    known = kind.by_name
    for name in entry:
        if name != "fault" and name not in known:
            allowed = ", ".join(known)
            raise BadPlan(f"{where} ({kind.name}): unknown key {name!r}; allowed: {allowed}")
    given = {name: one.default for name, one in known.items()} | dict(entry)
    given.pop("fault")
    where = f"{where} ({kind.name})"
    return Fault(kind, {name: known[name].read(where, value) for name, value in given.items()})
