# The steps of a recovery.

case-title = Your recovery
