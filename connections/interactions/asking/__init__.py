"""What residents are asked: the ordinary day, a community's own measures, the day done together."""
