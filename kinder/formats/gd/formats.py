"""Times as they are written in Gaelic: 2:30f, without a nought before the hour."""

TIME_FORMAT = "g:ia"
DATE_FORMAT = "j E Y"
DATETIME_FORMAT = "j E Y, g:ia"
