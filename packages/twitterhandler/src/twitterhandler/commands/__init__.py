"""Commands of the program that need no source; `cli` puts them together."""
