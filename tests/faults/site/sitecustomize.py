"""Python imports this at its start where its folder is on PYTHONPATH: the server that is tried, and its workers."""

import os

if "HOLDFAST_FAULTS" in os.environ:
    import inject  # type: ignore[import-not-found]  # beside this file

    inject.install(os.environ["HOLDFAST_FAULTS"])
