"""The fire drill: a year of all that can go wrong, against the real store."""
