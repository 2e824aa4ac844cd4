"""For all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Time says nothing here: the machine may be shared, and a model may be loading beside.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
