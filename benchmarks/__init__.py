"""Programs that measure and print ratios: `python -m benchmarks.features`."""

import helpers  # noqa: F401  before torch, which reads how its threads are to wait
