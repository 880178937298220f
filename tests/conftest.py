"""Settings of the suite's own tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A deadline, and the check that drawing is quick, are stopwatches: they fail where the machine has other work to do.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
