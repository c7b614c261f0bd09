"""Hand-written conf images and entries, taken in: what they say, in the words of the spec language."""
