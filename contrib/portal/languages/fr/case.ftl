# The steps of a recovery.
