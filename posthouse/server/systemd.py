"""Telling systemd how the service does: sd_notify(3)."""

from __future__ import annotations

import os
import socket
import time


def notify(state: str, flags: int = 0) -> None:
    """Send `state` ("READY=1", "STOPPING=1" ...) when started by systemd; nothing otherwise.

    Waits while systemd is behind with ten others, but for socket.MSG_DONTWAIT: then this one is lost.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # abstract
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(state.encode(), flags, address)
        except OSError:
            return  # systemd not listening is no reason to stop serving


def notify_reloading() -> None:
    """A reload began; systemd wants the time with it (Type=notify-reload)."""
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def feed_watchdog() -> None:
    """Say that the event loop turns, and never stop it for that: there is another one soon."""
    notify("WATCHDOG=1", socket.MSG_DONTWAIT)


def watchdog_seconds() -> float:
    """How often to say WATCHDOG=1 (half of what systemd waits), 0 for never."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(os.environ.get("WATCHDOG_USEC", "0")) / 2_000_000
