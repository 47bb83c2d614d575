"""Adapters: each vendor's import, and each vendor's error, stops in one of these modules."""
