"""`python -m catalog_forge`, and the entry point of the `catalog-forge` command."""

import gc
import sys


def main() -> None:
    """Run the command line. Ctrl-C ends it with one line, also while the command line is still being imported."""
    try:
        from catalog_forge.cli.main import root
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    # Collect garbage rarely, because commands keep most objects: the default rate takes a tenth of the time of `new`.
    gc.set_threshold(100_000)
    root(prog_name="catalog-forge")


if __name__ == "__main__":
    main()
