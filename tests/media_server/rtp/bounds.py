"""How much hypothesis tries: enough to find what there is, little enough for a quick suite."""

from hypothesis import HealthCheck, settings

bounded = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
