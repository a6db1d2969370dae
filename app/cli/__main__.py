"""`python -m app.cli`: the command without its installed name."""

from app.cli import main

if __name__ == "__main__":
    main()
