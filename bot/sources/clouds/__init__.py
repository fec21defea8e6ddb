"""Alerts of cloud providers, one module for each."""
