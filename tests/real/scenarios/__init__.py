"""What tests/real/run tries: brainwav on real programs, each scenario a function."""

from . import memory, scope, cpu, hung, recognition, servers, codes, storm  # noqa: F401  (each enters its scenarios)
from . import reap_classes, reap_zombies, reap_sockets, reap_vitest, reap_jest, reap_innocents, reap_sdk  # noqa: F401
from . import cache_nx, cache_nx_harm, cache_nx_held, cache_nx_shared, cache_nx_stopped  # noqa: F401
from . import cache_turbo, cache_dry_run, cache_whole  # noqa: F401
from . import telemetry_storm, prometheus  # noqa: F401
from . import sinks_otlp, sinks_nats, sinks_cloudevents, bridge_nats, schema_registry  # noqa: F401
from . import telemetry_storm_disk, telemetry_storm_moody, telemetry_durable  # noqa: F401
from .failure import Failure, Skip
from .registry import SCENARIOS
from .world import World

__all__ = ["SCENARIOS", "Failure", "Skip", "World"]
