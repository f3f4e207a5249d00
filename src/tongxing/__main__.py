"""``python -m tongxing``: the same as the `tongxing` command."""

from tongxing.cli import main

if __name__ == "__main__":
    main()
