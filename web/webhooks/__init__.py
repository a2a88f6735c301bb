"""Webhooks: what a host platform's own programs are told, signed, and tried again until it is taken."""
