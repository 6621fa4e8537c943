# The steps of a recovery.

case-title = Ihre Wiederherstellung
