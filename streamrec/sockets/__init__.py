"""ZeroMQ sockets: which addresses are allowed, who may connect, and how much of it."""
