"""Interfaces of other services that tools send alerts to, one module for each."""
