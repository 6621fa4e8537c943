# Opening a recovery: for which account, and why.
