"""How a wrong function is put in a right one's place, in tests only and for a while only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def instead(right: object, wrong: object) -> Iterator[None]:
    """Let every module of the service that knows a function by its name have a wrong one."""
    places = [
        (module, name)
        for known, module in list(sys.modules.items())
        if known.startswith("refund.")
        for name, found in list(vars(module).items())
        if found is right
    ]
    assert places, right
    for module, name in places:
        setattr(module, name, wrong)
    try:
        yield
    finally:
        for module, name in places:
            setattr(module, name, right)


@contextmanager
def method(owner: type, name: str, wrong: object) -> Iterator[None]:
    """Let a class have a wrong method."""
    right = vars(owner)[name]
    setattr(owner, name, wrong)
    try:
        yield
    finally:
        setattr(owner, name, right)


@contextmanager
def entry(table: dict[Any, Any], key: object, wrong: object) -> Iterator[None]:
    """Let a table have a wrong entry, or one that it should not have."""
    missing = object()
    right = table.get(key, missing)
    table[key] = wrong
    try:
        yield
    finally:
        if right is missing:
            del table[key]
        else:
            table[key] = right
