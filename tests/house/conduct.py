"""The rules on what code may not do, wherever it stands."""

import ast
from collections.abc import Iterator

from tests.house.tree import Source

# Where catching everything is right, and why: (file, function) -> reason.
CATCHES_EVERYTHING: dict[tuple[str, str], str] = {
    ("refund/services/jobs.py", "_Run.do"): (
        "an edge: a job that breaks down says that it failed, and the next one must come"
    ),
    ("refund/pulse.py", "Pulse.run"): (
        "an edge: who lives beside the service must live on; what fails is logged, and tried again"
    ),
    ("tests/simulation/run.py", "run"): (
        "a seed's failure, of whatever kind, is the result: its words and the way to repeat it"
    ),
    ("refund/services/later.py", "Worker._attempt"): (
        "the worker is an edge: a task that failed is logged, and the next one must come"
    ),
    ("refund/services/rounds.py", "each"): (
        "one that fails must not keep the others from their turn; all failures are raised after"
    ),
    ("refund/simulation/rehearsal/host.py", "Host._run"): (
        "an edge: a thread that keeps a rehearsal's time must live on; what fails is logged"
    ),
    ("refund/simulation/rehearsal/host.py", "Host._attempt"): (
        "what fails at one halt of the clock must not keep the rest of that halt from its turn"
    ),
    ("refund/simulation/questions/seats.py", "_sit"): (
        "an edge: whoever gave a process a piece of work hears in its own process why it failed"
    ),
    ("refund/storage/sqlite_writer.py", "Writer._work"): (
        "the one writing thread must live on, and every caller it serves must get an answer"
    ),
    ("refund/storage/sqlite_writer.py", "Writer._commit"): (
        "once COMMIT has begun, any failure whatever means that the outcome is unknown"
    ),
    ("refund/storage/sqlite_writer.py", "_attempt"): (
        "what a write function raises is handed to its caller, who raises it in his own thread"
    ),
}

# The only places that may ask what time it is: the clock itself, and the outside world we play.
ASKS_THE_TIME = ("refund/gateways/clock.py", "refund/sandbox/", "refund/timepiece.py")
_WALL_CLOCK = {
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "time.gmtime",
    "time.localtime",
    "time.time",
    "time.time_ns",
}
_MOCKS = {"mock", "unittest.mock", "pytest_mock"}
_PATCHES = {"delattr", "setattr", "setitem"}
_SKIPS = {"importorskip", "skip", "skipif", "xfail"}
_SQL = ("CREATE TABLE ", "DELETE FROM ", "INSERT INTO ", "SELECT ", "UPDATE ", "WITH ")


def catches_everything(source: Source) -> Iterator[str]:
    """Nothing catches what it does not name, but the edges in CATCHES_EVERYTHING."""
    for line, function in _broad_catches(source):
        if (source.path, function) not in CATCHES_EVERYTHING:
            yield f"{source.path}:{line}: {function or 'the module'} catches everything"


def needless_permission(source: Source) -> Iterator[str]:
    """A permission in CATCHES_EVERYTHING that nobody uses is taken back."""
    used = {function for _, function in _broad_catches(source)}
    for path, function in CATCHES_EVERYTHING:
        if path == source.path and function not in used:
            yield f"{path}: {function} no longer catches everything: drop its permission"


def silent_catch(source: Source) -> Iterator[str]:
    """A failure is never swallowed without a word."""
    for node in ast.walk(source.syntax()):
        if isinstance(node, ast.ExceptHandler) and all(_does_nothing(one) for one in node.body):
            yield f"{source.path}:{node.lineno}: swallows {_caught(node) or 'everything'}"


def stands_in(source: Source) -> Iterator[str]:
    """No mocks, and no patching of our own code: tests use the real thing."""
    for node in ast.walk(source.syntax()):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {node.module or "", *(f"{node.module}.{one.name}" for one in node.names)}
        else:
            names = set()
        if names & _MOCKS:
            yield f"{source.path}:{_line(node)}: imports a mock"
        if (
            isinstance(node, ast.Attribute)
            and node.attr in _PATCHES
            and ast.unparse(node.value) in {"monkeypatch", "mocker"}
        ):
            yield f"{source.path}:{node.lineno}: patches code by {node.attr}"


def skipped_test(source: Source) -> Iterator[str]:
    """A test runs or is deleted: what a machine lacks, `make test` installs."""
    for node in ast.walk(source.syntax()):
        if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
            owner = ast.unparse(node.value)
            if owner in {"pytest", "pytest.mark", "mark", "unittest"}:
                yield f"{source.path}:{node.lineno}: {owner}.{node.attr}"


def sleeps_for_luck(source: Source) -> Iterator[str]:
    """A test waits for a condition, in a loop with a deadline, never for a while."""
    module = source.syntax()
    loops = (ast.While, ast.For, ast.AsyncFor)
    polled = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, loops)
        for inner in ast.walk(node)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and id(node) not in polled:
            called = ast.unparse(node.func)
            if called.split(".")[-1] in {"sleep", "wait_for_timeout"}:
                yield f"{source.path}:{node.lineno}: {called} outside a loop"


def floating_money(source: Source) -> Iterator[str]:
    """The core counts in whole fen: no float, no true division, no rounding by the language."""
    for node in ast.walk(source.syntax()):
        what = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            what = f"the float {node.value}"
        elif isinstance(node, ast.Name) and node.id in {"float", "round"}:
            what = node.id
        elif isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            what = "a division that makes floats"
        if what:
            yield f"{source.path}:{_line(node)}: {what}"


def floating_fen(source: Source) -> Iterator[str]:
    """A name that ends in its whole unit is never annotated as a float."""
    for node in ast.walk(source.syntax()):
        if isinstance(node, ast.arg):
            name, annotation = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, annotation = node.target.id, node.annotation
        else:
            continue
        if name.endswith(("_fen", "_bp")) and annotation and "float" in ast.unparse(annotation):
            yield f"{source.path}:{node.lineno}: {name} is a float"


def asks_the_time(source: Source) -> Iterator[str]:
    """Time comes through the clock port; only the clock behind it looks at the wall."""
    if source.path.startswith(ASKS_THE_TIME):
        return
    for node in ast.walk(source.syntax()):
        if isinstance(node, ast.Attribute):
            written = ".".join(ast.unparse(node).split(".")[-2:])
            if written in _WALL_CLOCK:
                yield f"{source.path}:{node.lineno}: {written}"


def speaks_sql(source: Source) -> Iterator[str]:
    """Only storage has SQL; sandbox and lab keep books and result files of their own."""
    if source.path.startswith(("refund/storage/", "refund/sandbox/", "refund/simulation/")):
        return
    for node in ast.walk(source.syntax()):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and text.lstrip().startswith(_SQL):
            yield f"{source.path}:{_line(node)}: {text.strip()[:30]!r} is SQL"


def _broad_catches(source: Source) -> Iterator[tuple[int, str]]:
    def walk(node: ast.AST, function: str) -> Iterator[tuple[int, str]]:
        for child in ast.iter_child_nodes(node):
            inside = function
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inside = f"{function}.{child.name}".lstrip(".")
            elif _hides_everything(child):
                yield _line(child), function
            yield from walk(child, inside)

    yield from walk(source.syntax(), "")


def _hides_everything(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return _is_broad(node.type) and not _stays_loud(node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(_is_broad(argument) for argument in node.args)
    return False


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(one) for one in caught.elts)
    return ast.unparse(caught) in {"Exception", "BaseException"}


def _stays_loud(node: ast.ExceptHandler) -> bool:
    """Cleaning up and raising hides nothing: the handler's last word is a raise."""
    return isinstance(node.body[-1], ast.Raise)


def _caught(node: ast.ExceptHandler) -> str:
    return ast.unparse(node.type) if node.type else ""


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return isinstance(node, ast.Pass)
