"""Beside a training loop of one's own: watch it, show it."""
