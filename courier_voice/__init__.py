"""A Mandarin voice agent for parcel couriers."""

__version__ = "0.1.0"
