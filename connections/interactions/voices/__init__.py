"""What a community hears of itself: what was heard and done, stories, thanks to places."""
