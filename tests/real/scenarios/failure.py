"""How a scenario says that something is not as it should be."""

import time


class Failure(Exception):
    """What was expected, and what was there instead."""


class Skip(Exception):
    """Why this machine cannot try it."""


def expect(condition, *what):
    if not condition:
        raise Failure(" ".join(str(part) for part in what))


def same(found, expected, what):
    expect(found == expected, f"{what}: {found!r} instead of {expected!r}")


def until(what, condition, seconds=90.0, show=None, pause=0.05):
    """Asks until the answer is something, and gives it back. The time is only
    there so that a failure ends: nothing depends on how fast a machine is."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure(f"waited in vain for this: {what}{'; ' + str(show()) if show else ''}")
        time.sleep(pause)
