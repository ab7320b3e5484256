"""Our calls of a day beside the carrier's: counted, compared, corrected."""
