"""The commands of `sparkstream` by what they are for; `cli` puts them together."""
