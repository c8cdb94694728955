"""Claims that do everything wrong, for the tests of the checker."""
