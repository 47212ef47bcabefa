"""What tests/real/run tries: brainwav on real programs, each scenario a function."""

from . import memory, scope, cpu, hung, recognition, servers, codes, storm  # noqa: F401  (each enters its scenarios)
from .failure import Failure, Skip
from .registry import SCENARIOS
from .world import World

__all__ = ["SCENARIOS", "Failure", "Skip", "World"]
