"""The whole thing, live: the real server as a process of its own, a real browser, a real network path."""
