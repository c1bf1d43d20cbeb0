"""`python -m orchestration.board`: bundle the library of charts once, at installation."""

from orchestration.board.library import keep_bundle

if __name__ == "__main__":
    keep_bundle()
