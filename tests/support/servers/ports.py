"""Ports for servers of the tests."""

import random
import socket

RANGE = range(12_000, 30_000)
"""Below the ports that systems give to outgoing connections: one of those cannot take a port while a server is away."""


def free_port() -> int:
    """A port of RANGE on which nothing listens on 127.0.0.1. Raises RuntimeError if there is none."""
    chosen = random.SystemRandom()  # a seed that is set for a test must not give two processes the same port
    for port in chosen.sample(RANGE, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = "100 ports of 127.0.0.1 were tried, and none is free"
    raise RuntimeError(message)
