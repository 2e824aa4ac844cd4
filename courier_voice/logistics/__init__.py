"""The carrier's logistics API: the client, the durable outbox, and a mock of the carrier."""
