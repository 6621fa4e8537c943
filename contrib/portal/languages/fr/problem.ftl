# What went wrong, and the way on.
