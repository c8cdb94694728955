"""One toy claim for each verdict."""
