"""A mock of the carrier's system: any world file as an HTTP API, with faults on demand."""
