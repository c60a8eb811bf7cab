"""Chromium for the browser tests: the system's own, installed where that may be done."""

from __future__ import annotations

import os
import shutil
import subprocess

LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def chromium() -> str | None:
    """The path of an installed Chromium."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


def install_chromium() -> str | None:
    """Chromium's path, after asking Debian's package manager where that is possible."""
    if path := chromium():
        return path
    if os.geteuid() != 0 or not shutil.which("apt-get") or os.environ.get("NO_APT"):
        return None
    print("Chromium is not installed; asking the package manager for it.", flush=True)
    subprocess.run(
        "apt-get update -q && apt-get install -qy --no-install-recommends chromium",
        shell=True,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return chromium()
