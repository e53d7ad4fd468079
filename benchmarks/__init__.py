"""Programs that measure and print ratios: `python -m benchmarks.features`."""
