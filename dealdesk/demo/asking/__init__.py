"""Asking for approval in invented deals: requests, steps, slots, decisions and the register."""

from dealdesk.demo.asking.requests import write_request

__all__ = ["write_request"]
