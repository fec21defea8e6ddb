"""Counts per act: what one message, reaction, alert or command costs until everything is delivered."""
