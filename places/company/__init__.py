"""Company that is asked for or offered at a public place, and goes by itself."""
