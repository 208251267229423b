"""Scottish Gaelic."""
