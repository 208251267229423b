"""Times of 24 hours: Django's Urdu would call half past two in the afternoon an evening."""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j E Y"
DATETIME_FORMAT = "j E Y، H:i"
