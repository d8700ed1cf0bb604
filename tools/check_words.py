"""Check that the code speaks the language of its field.

Names that this project once invented for things that have a name do not come back, and
docstrings begin with a verb or a noun. Neither is known to other linters.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

INVENTED = {
    "afresh": "start_new",
    "backstage": "AppServices",
    "bumps": "heatmaps",
    "crew": "pool",
    "ending_together": "abort_all_ranks_on_error",
    "intake": "uploads",
    "judgement": "DiscriminatorOutput",
    "last_words": "format_error",
    "ledger": "Manifest",
    "nnablas_own": "NNABLA_KERNELS",
    "painting": "views",
    "produced": "AnimationResult",
    "puppet": "LiveSession",
    "reception": "SplashServer",
    "shelf": "ModelRegistry",
    "studio": "AnimationService",
    "waiting_room": "SplashServer",
    "wish": "options",
    "zoo": "hub",
}
"""Words that no name outside of tests has as its part, and what is said instead."""

QUESTIONS = ("How", "What", "Where", "Who")
"""Words that begin no docstring outside of tests."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def words_of(name: str) -> list[str]:
    """Split ``SomeName``, ``some_name`` and ``SOME_NAME`` into lower-case words."""
    return [part.lower() for part in _PART.findall(name)]


def invented_words(name: str) -> Iterator[str]:
    """Yield the words of :data:`INVENTED` that a name contains."""
    spelt = f"_{'_'.join(words_of(name))}_"
    return (word for word in INVENTED if f"_{word}_" in spelt)


def _defined_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield where a name is given, and the name; uses need no second mention."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def check_names(path: Path, tree: ast.Module) -> Iterator[str]:
    """Names of modules, classes, functions and variables."""
    for line, name in [(1, path.stem), *_defined_names(tree)]:
        for word in invented_words(name):
            yield f"{path}:{line}: {name}: expected the field's word {INVENTED[word]}, found {word}"


def check_docstrings(path: Path, tree: ast.Module) -> Iterator[str]:
    """First words of docstrings."""
    for node in ast.walk(tree):
        if not isinstance(node, _Documented):
            continue
        first = (ast.get_docstring(node) or "").split(maxsplit=1)[:1]
        if first and first[0] in QUESTIONS:
            line = 1 if isinstance(node, ast.Module) else node.lineno
            yield f"{path}:{line}: docstring: expected a verb or a noun first, found {first[0]}"


def check_words(root: Path, path: Path) -> Iterator[str]:
    """Names and docstrings of a Python file; ``path`` is relative to ``root``."""
    if path.suffix != ".py" or "tests" in path.parts:
        return
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    yield from check_names(path, tree)
    yield from check_docstrings(path, tree)
