"""One file a bench; each has `run(context) -> list[Row]`."""
