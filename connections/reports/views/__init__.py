"""Pages of released figures: pick an area, read it, compare it, build a report, take it away."""
