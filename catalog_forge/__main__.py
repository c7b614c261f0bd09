"""`python -m catalog_forge`, and the entry point of the `catalog-forge` command."""

import gc
import sys


def main() -> None:
    """Run the command line. On Ctrl-C, print one line and exit, even while the command line is still being imported."""
    try:
        from catalog_forge.cli.main import root
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    # Collect garbage rarely: commands keep most objects, and by default, `new` spends a tenth of its time on collecting.
    gc.set_threshold(100_000)
    root(prog_name="catalog-forge")


if __name__ == "__main__":
    main()
