"""Monitors that send alerts in their own shape, one module for each."""
