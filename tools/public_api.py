"""Write down the public names of all packages, and those that the packages use of fomm-core.

    uv run python tools/public_api.py

``tests/public_api.txt`` of each package lists what it exports, with parameters; a test of the
package fails where that is another, so that no change goes unseen.
``docs/development/names_between_packages.txt`` lists what the other packages import from modules of
fomm-core: whoever changes these changes their users in the same step.
"""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from workspace import ROOT, find_packages

BETWEEN_PACKAGES = Path("docs", "development", "names_between_packages.txt")
"""Of the repository."""

CORE = "fomm_core"

_PLAIN = (bool, int, float, str, type(None))


def describe_package(package: str) -> str:
    """Describe all that an import package exports, a paragraph for each name."""
    module = import_module(package)
    lines = (line for name in sorted(module.__all__) for line in _described(module, name))
    return "".join(f"{line}\n" for line in lines)


def _described(module: Any, name: str) -> Iterator[str]:
    value = getattr(module, name)
    if inspect.isclass(value) and issubclass(value, BaseException):
        yield f"{name}, a {value.__mro__[1].__name__}"
    elif inspect.isclass(value) or inspect.isfunction(value):
        yield f"{name}{_signature(value)}"
    else:
        yield name
    if inspect.isclass(value):
        yield from _members(value)


def _members(owner: type[Any]) -> Iterator[str]:
    """Methods and properties that a class defines itself; defaults of its fields are none."""
    fields = getattr(owner, "__dataclass_fields__", {})
    for name, member in sorted(vars(owner).items()):
        if name.startswith("_") or name in fields:
            continue
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if isinstance(member, property):
            yield f"    .{name}"
        elif inspect.isfunction(function):
            yield f"    .{name}{_signature(function)}"


def _signature(value: Any) -> str:
    """Parameters as they are written; a default that is not plain is ``...``."""
    signature = inspect.signature(value)
    returned = signature.return_annotation
    shown = f" -> {returned}" if isinstance(returned, str) and inspect.isfunction(value) else ""
    return f"({', '.join(_parameters(signature))}){shown}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    named = False
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not named:
            named = True
            yield "*"
        named = named or parameter.kind is parameter.VAR_POSITIONAL
        yield _parameter(parameter)


def _parameter(parameter: inspect.Parameter) -> str:
    text = str(parameter.replace(annotation=parameter.empty, default=parameter.empty))
    if isinstance(parameter.annotation, str):
        text += f": {parameter.annotation}"
    if parameter.default is parameter.empty:
        return text
    shown = repr(parameter.default) if isinstance(parameter.default, _PLAIN) else "..."
    return f"{text} = {shown}"


def names_between_packages(root: Path = ROOT) -> str:
    """List what the other packages import from fomm-core, a line for each module."""
    used: dict[str, set[str]] = defaultdict(set)
    for package in find_packages(root):
        if package.source.name == CORE:
            continue
        for path in package.source.rglob("*.py"):
            for module, name in _imports(ast.parse(path.read_text(encoding="utf-8"))):
                used[module].add(name)
    return "".join(f"{module}: {', '.join(sorted(used[module]))}\n" for module in sorted(used))


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == CORE:
            yield from ((str(node.module), alias.name) for alias in node.names)


def main() -> None:
    """Write all lists."""
    texts = {
        package.folder / "tests" / "public_api.txt": describe_package(package.source.name)
        for package in find_packages()
    }
    texts[ROOT / BETWEEN_PACKAGES] = names_between_packages()
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
