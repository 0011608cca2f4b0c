"""The cases that are not a stream of samples through a standing tunnel."""
SECONDS = {}
CASES = {}
NOT_QUICK = set()
