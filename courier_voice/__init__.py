"""A Mandarin voice agent for parcel couriers."""

import os

__version__ = "0.1.0"

# libgomp reads this once, when it loads: threads that spin while they wait starve whatever else runs on two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
