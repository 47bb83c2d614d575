"""Where trends come from; each vendor or service in a module of its own, behind a protocol of `base`."""
