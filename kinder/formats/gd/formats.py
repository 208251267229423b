"""Times of 24 hours, as Gaelic pages mostly write them; Django would say 02:30f."""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j E Y"
DATETIME_FORMAT = "j E Y, H:i"
