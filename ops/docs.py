"""Draws the pages of docs/ that follow from the code: settings and call flow.

`python -m ops.docs` writes them; tests/test_docs.py fails when they are out of date.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices

from config.settings import Settings
from ivr.dialogues.dialogue import Dialogue
from ivr.dialogues.vocabulary import State, prompts, targets
from ivr.registry import SHIPPED

DOCS = Path(__file__).resolve().parents[1] / "docs"


def settings_page() -> str:
    """Every setting as a table."""
    lines = [
        "# Settings",
        "",
        "Read from the environment, then from `.env`, then from `var/local.env`, which",
        "`make setup` writes with secrets of its own. Drawn by `make docs` from",
        "`config/settings.py`.",
        "",
        "| variable | type | default | what it does |",
        "| --- | --- | --- | --- |",
    ]
    for name, info in Settings.model_fields.items():
        alias = info.validation_alias
        variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else name
        kind = getattr(info.annotation, "__name__", str(info.annotation))
        default = "" if info.default in (None, "") else f"`{info.default}`"
        lines.append(f"| `{variable}` | {_kind(kind)} | {default} | {info.description} |")
    return "\n".join(lines) + "\n"


def call_flow_page() -> str:
    """Every dialogue as a diagram and a table."""
    lines = [
        "# Call flow",
        "",
        "The dialogues that a call may run, drawn by `make docs` from the tables in",
        "`ivr/dialogues/`. A call's row names its dialogue; `ivr/registry.py` lists them.",
    ]
    for dialogue in SHIPPED.all:
        lines += ["", f"## {dialogue.name}", "", *_drawn(dialogue)]
    return "\n".join(lines) + "\n"


def _drawn(dialogue: Dialogue) -> list[str]:
    lines = [
        f"Key 0 or the wish for a person leads to `{dialogue.give_up}` from every question, as",
        f"does a third failure at one question; emergency words lead to `{dialogue.emergency}`.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {dialogue.start}",
    ]
    for state in dialogue.states:
        lines.extend(f"    {state.name} --> {target}" for target in dict.fromkeys(targets(state)))
        if not targets(state):
            lines.append(f"    {state.name} --> [*]")
    lines += ["```", "", "| state | kind | says | leads to |", "| --- | --- | --- | --- |"]
    return lines + [_row(state) for state in dialogue.states]


PAGES = {"settings.md": settings_page, "call-flow.md": call_flow_page}


def main() -> None:
    """Write the pages."""
    for name, draw in PAGES.items():
        (DOCS / name).write_text(draw())


def _row(state: State) -> str:
    spoken = ", ".join(f"`{key}`" for key in prompts(state))
    after = ", ".join(f"`{name}`" for name in dict.fromkeys(targets(state))) or "the end"
    return f"| `{state.name}` | {type(state).__name__} | {spoken} | {after} |"


def _kind(kind: str) -> str:
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true/false"}.get(
        kind, "path"
    )


if __name__ == "__main__":
    main()
