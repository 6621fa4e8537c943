# The form for support.
