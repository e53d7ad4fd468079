"""`python -m helpers`."""

from .commands import main

if __name__ == "__main__":
    raise SystemExit(main())
