"""Where the parts of this program that are not Python stand, in a checkout and in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def templates_folder() -> Path:
    """Return the folder of the page templates: in the package, else in the checkout."""
    return _beside_the_code("templates")


def static_folder() -> Path:
    """Return the folder of styles, scripts and pictures: in the package, else in the checkout."""
    return _beside_the_code("static")


def papers_folder() -> Path:
    """Return the folder of the papers' templates."""
    return templates_folder() / "paper"


def fonts_folder() -> Path:
    """Return the folder of the fonts in which papers are set."""
    return static_folder() / "vendor" / "fonts"


def data_folder() -> Path:
    """Return the folder of the registers that the package brings: stores and goods."""
    return _PACKAGE / "data"


def default_instance() -> Path:
    """Return the instance folder used when no setting names one; it need not exist yet.

    Run from a checkout it is the checkout's `instance/`; installed, it is `instance/` in the
    working directory, for an installed package is not a place to keep money's books in.
    """
    if (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / "instance"
    return Path.cwd() / "instance"


def _beside_the_code(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _CHECKOUT / name
