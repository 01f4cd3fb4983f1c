"""Every exception of the product has one root, so that a caller can tell ours from anybody else's."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import core
import tui
from core.base.errors import WatchdeskError
from core.base.safe_files import TooLarge, Unsafe
from core.domain.queries import FilterError


def _exceptions() -> Iterator[type[BaseException]]:
    for package in (core, tui):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for _, one in inspect.getmembers(module, inspect.isclass):
                if issubclass(one, BaseException) and one.__module__ == found.name:
                    yield one


def test_every_exception_derives_from_the_one_root() -> None:
    found = set(_exceptions())
    assert len(found) > 15
    assert {one.__qualname__ for one in found if not issubclass(one, WatchdeskError)} == set()


def test_what_is_caught_by_a_base_of_the_language_still_is() -> None:
    assert issubclass(Unsafe, OSError)
    assert issubclass(TooLarge, OSError)
    assert issubclass(FilterError, ValueError)
