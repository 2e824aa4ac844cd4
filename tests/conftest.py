"""For all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# What is read must not depend on whether this machine happens to have the larger encoder's weights.
os.environ.setdefault("COURIER_NLU__ADVICE", "false")

# Time says nothing here: the machine may be shared, and a model may be loading beside.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
