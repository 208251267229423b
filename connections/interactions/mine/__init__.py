"""A person's own pages: the diary, what it filters by, taking it away, forgetting the phone."""
