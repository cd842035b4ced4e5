"""Reads our source for boundaries: where something is committed, kept on disk, sent or answered.

A boundary needs a failpoint of its own. `unguarded` names those without one, `places` every
failpoint by its full name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = (
    "agents",
    "asr",
    "calls",
    "carriers",
    "config",
    "infra",
    "ivr",
    "ops",
    "recordings",
    "tickets",
    "voice",
    "web",
)

_OF_OS = frozenset({"fsync", "fdatasync", "write", "rename", "replace", "unlink", "remove", "link"})
_OF_PATHS = frozenset(
    {"rename", "unlink", "write_text", "write_bytes", "symlink_to", "hardlink_to"}
)
_OF_DATABASES = frozenset({"commit", "enqueue_call", "publish"})
_BEGIN = frozenset({"session", "engine", "connection"})
_OF_SOCKETS = frozenset({"send", "sendall", "send_bytes"})
_OF_HTTP = frozenset({"requests", "httpx"})
_REQUESTS = frozenset({"create", "list", "stream", "fetch", "update", "delete"})
_NAMED = {"transaction": ("commit", "committed"), "_asked": ("send", "answered")}
_WHOLE = ("fsync", "rename", "fsync_folder", "kept")
_SPOOLED = ("write", "fsync", "fsync_folder", "kept")
_WRITING = frozenset("wax+")


@dataclass(frozen=True)
class Boundary:
    """A call that must not go wrong unnoticed: where it stands and what it is."""

    module: str
    function: str
    line: int
    call: str

    @property
    def key(self) -> str:
        """What the list of exceptions calls it."""
        return f"{self.module}.{self.function}: {self.call}"


def sources() -> dict[str, str]:
    """Every module of ours by its dotted name; the simulator is not ours."""
    files = [*ROOT.glob("*.py")]
    for package in PACKAGES:
        files += (ROOT / package).rglob("*.py")
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): file.read_text()
        for file in sorted(files)
    }


def unguarded(module: str, source: str) -> list[Boundary]:
    """Boundaries of a module that no failpoint guards, each with a line of its own.

    A function needs as many failpoints as it has boundaries: a second fsync needs a second one.
    """
    found = []
    for function, body in _functions(ast.parse(source)):
        calls = list(_own_calls(body))
        open_ones = [b for call in calls if (b := _boundary(module, function, call))]
        guards = sum(_name(call) in ("failpoint", "_reach") for call in calls)
        found += open_ones if guards < len(open_ones) else []
    return found


def places(modules: dict[str, str]) -> list[str]:
    """The full name of every failpoint in these modules; one that stands twice is twice here."""
    found: list[str] = []
    for module, source in modules.items():
        tree = ast.parse(source)
        for function, body in _functions(tree):
            for call in _own_calls(body):
                found += _places_of(call)
            if isinstance(body, ast.FunctionDef) and _is_marked(body, "job"):
                found += [f"{module}.{function}.finish.{step}" for step in _NAMED["transaction"]]
        found += _places_of_routes(tree)
    return found


def _places_of(call: ast.Call) -> list[str]:
    given = _text(call.args[0]) if call.args else None
    match _name(call):
        case "failpoint" if given:
            return [given]
        case "transaction" if given:
            return [f"{given}.{step}" for step in _NAMED["transaction"]]
        case "_asked" if given:
            return [f"carrier.{given}.{step}" for step in _NAMED["_asked"]]
        case "write_whole" | "write_private":
            name = next((_text(k.value) for k in call.keywords if k.arg == "name"), None)
            return [f"{name}.{step}" for step in _WHOLE] if name else []
        case "_append" if len(call.args) == 3 and (name := _text(call.args[2])):
            return [f"{name}.{step}" for step in _SPOOLED]
    return []


def _places_of_routes(tree: ast.Module) -> list[str]:
    """A signed route commits its event and answers it."""
    prefixes = {
        node.targets[0].id: _text(node.value.args[2]) or ""
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and _name(node.value) == "webhook_blueprint"
    }
    found = []
    for node in tree.body:
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if not (isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute)):
                continue
            owner = mark.func.value
            if isinstance(owner, ast.Name) and owner.id in prefixes and mark.func.attr == "post":
                path = (prefixes[owner.id] + (_text(mark.args[0]) or "")).replace("/", ".")
                found += [f"webhooks{path}.{step}" for step in ("commit", "committed", "answer")]
    return found


def _boundary(module: str, function: str, call: ast.Call) -> Boundary | None:
    name = _name(call)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    of = owner.id if isinstance(owner, ast.Name) else ""
    crosses = (
        (name == "transaction" and not _is_named(call))
        or (of == "os" and name in _OF_OS)
        or (of == "shutil" and name in ("move", "copyfile", "rmtree"))
        or (of in _OF_HTTP and name in ("get", "post", "put", "delete", "request"))
        or (name == "begin" and of in _BEGIN)
        or name == "urlopen"
        or (owner is not None and name in _OF_PATHS | _OF_DATABASES | _OF_SOCKETS)
        or (name == "replace" and owner is not None and of != "os" and len(call.args) == 1)
        or (name in ("open", "fdopen") and _opens_for_writing(call, is_method=owner is not None))
        or (name == "close" and len(call.args) == 1 and of != "os")
        or (name in _REQUESTS and module == "carriers.twilio.rest" and _is_carriers_client(call))
    )
    return Boundary(module, function, call.lineno, name) if crosses else None


def _is_named(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], (ast.Constant, ast.JoinedStr))


def _opens_for_writing(call: ast.Call, *, is_method: bool) -> bool:
    at = 0 if is_method and _name(call) == "open" and len(call.args) < 2 else 1
    mode = _text(call.args[at]) if len(call.args) > at else None
    return mode is not None and bool(_WRITING & set(mode)) and len(mode) <= 3


def _is_carriers_client(call: ast.Call) -> bool:
    """A request by the carrier's library that is not handed to `_asked`, which has the place."""
    node: ast.AST = call.func
    while isinstance(node, (ast.Attribute, ast.Call)):
        if isinstance(node, ast.Attribute) and node.attr == "_client":
            return not getattr(call, "is_asked", False)
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    yield "<module>", tree
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node


def _own_calls(body: ast.AST) -> Iterator[ast.Call]:
    """Calls in a function, not in functions within it; what `_asked` is given is marked."""
    for node in ast.iter_child_nodes(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.ClassDef) and isinstance(body, ast.Module):
            continue
        if isinstance(node, ast.Call):
            if _name(node) == "_asked" and node.args and _text(node.args[0]):
                for inner in ast.walk(node):
                    inner.is_asked = True  # type: ignore[attr-defined]
            yield node
        yield from _own_calls(node)


def _is_marked(function: ast.FunctionDef, mark: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == mark for node in function.decorator_list)


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
