"""Values in, pictures out: `picture` for what they share, `sequence` for requests, `families` for tokens and their lives."""

from fbnb.plots.families import family_tree, lifetimes
from fbnb.plots.picture import Picture, qr_code
from fbnb.plots.sequence import sequence_diagram

__all__ = ["Picture", "family_tree", "lifetimes", "qr_code", "sequence_diagram"]
