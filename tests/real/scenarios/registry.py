"""The scenarios by name, with the sets of tests/real/install that each needs."""

from typing import Callable, NamedTuple


class Scenario(NamedTuple):
    name: str
    summary: str
    sets: tuple
    is_long: bool
    run: Callable


SCENARIOS = {}


def scenario(name, summary, sets=(), is_long=False):
    """Enters a function that is called with a world. A long one runs with
    --all, or when it is named."""

    def enter(function):
        SCENARIOS[name] = Scenario(name, summary, tuple(sets), is_long, function)
        return function

    return enter
