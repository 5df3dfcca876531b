"""The rules on how large a thing may be and what it must say of itself."""

import ast
from collections.abc import Iterator

from tests.house.tree import Source

FILE_LINES_MAX = 400
TEMPLATE_LINES_MAX = 60
FUNCTION_LINES_MAX = 60
ARGUMENTS_MAX = 6
VAGUE_NAMES = {"common", "data", "handler", "helpers", "info", "manager", "util", "utils"}

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_file(source: Source) -> Iterator[str]:
    """A file is read in one sitting; a template fits on a screen."""
    limit = TEMPLATE_LINES_MAX if source.path.endswith(".html") else FILE_LINES_MAX
    lines = len(source.text.splitlines())
    if lines > limit:
        yield f"{source.path}: {lines} lines, {limit} are the limit"


def large_function(source: Source) -> Iterator[str]:
    """A function fits on a screen and takes what a reader can hold in mind."""
    for node in ast.walk(source.syntax()):
        if not isinstance(node, type_of_function):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines"
        count = len(_arguments(node))
        if count > ARGUMENTS_MAX:
            yield f"{source.path}:{node.lineno}: {node.name} takes {count} arguments"


def silent_module(source: Source) -> Iterator[str]:
    """A module opens with one sentence."""
    text = ast.get_docstring(source.syntax())
    if not text:
        yield f"{source.path}: opens without a sentence"
    elif not _is_sentence(text):
        yield f"{source.path}: does not open with one whole sentence: {text.splitlines()[0]!r}"


def silent_name(source: Source) -> Iterator[str]:
    """A public function, class or method promises something in one sentence."""
    for node, name in _public(source.syntax().body, ""):
        text = ast.get_docstring(node)
        if not text or not _is_sentence(text):
            yield f"{source.path}:{node.lineno}: {name} promises nothing in a sentence"


def vague_name(source: Source) -> Iterator[str]:
    """A module is named for what it is about."""
    for part in source.path.removesuffix(".py").split("/"):
        if part in VAGUE_NAMES:
            yield f"{source.path}: {part} says nothing of what is inside"


def _arguments(node: Function) -> list[str]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in {"self", "cls"}]


def _is_sentence(text: str) -> bool:
    first = text.split("\n\n", 1)[0].rstrip()
    return first.endswith((".", "?", "!", ":")) and (first[0].isupper() or not first[0].isalpha())


def _public(body: list[ast.stmt], within: str) -> Iterator[tuple[Function | ast.ClassDef, str]]:
    for node in body:
        if not isinstance(node, (*type_of_function, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if any(_written(one) in {"overload", "override"} for one in node.decorator_list):
            continue
        if any(_written(one).endswith(".setter") for one in node.decorator_list):
            continue
        yield node, within + node.name
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body, f"{within}{node.name}.")


def _written(node: ast.expr) -> str:
    return ast.unparse(node)
