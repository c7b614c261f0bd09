"""An imitation of confd: its command line, files, store and functions, and a full pass over an image's templates."""
