"""A claim that takes forever, for the tests of Ctrl-C."""
