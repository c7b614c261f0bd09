"""What people wrote by hand, taken in: images and entries read, told in the words of the spec language, and proven."""
