# Opening a recovery: for which account, and why.

recover-title = Get back into your account
recover-lead = Tell us two things. Then we show you, step by step, how to prove that it is you.
recover-begin = Get back into your account
recover-account = User name or e-mail address
recover-account-hint = The one that you sign in with.
recover-account-missing = Type your user name or e-mail address
recover-account-malformed = This cannot be a user name or e-mail address. Check what you typed.
recover-reason = What happened to your device?
recover-reason-missing = Choose what happened to your device
reason-lost = I have lost it
reason-lost-hint = You do not know where it is. Somebody may find it.
reason-stolen = It was stolen
reason-stolen-hint = Somebody else has it.
reason-damaged = It is damaged
reason-damaged-hint = It is broken, or in repair.
reason-not-working = It does not work
reason-not-working-hint = It does not switch on, or the app shows no codes any more.
reason-out-of-sync = It works, but its codes are refused
reason-out-of-sync-hint = Its clock may be off. Mostly two codes in a row put it right, and you keep the device.
recover-told = For the protection of your account, every address on file is told of a recovery.

recover-offer-title = A recovery is already under way
recover-offer-account = Account
recover-offer-since = Begun
recover-offer-again = Start over
recover-offer-again-hint = This gives up what you have done so far. Links and codes from earlier messages will not work any more.
recover-offer-again-button = Give it up and start over

recover-too-many-title = No further recovery can be begun just now
recover-too-many-why = Too many recoveries were begun for this account, or from where you are. To protect the account, we wait a while before the next one.
recover-too-many-what-now = What you can do now
recover-too-many-running = If you have begun one already, go back to it: it goes on, in the browser in which you began it.
recover-too-many-wait = Otherwise come back in an hour and try again.
recover-too-many-support = If you cannot wait, or if it was not you who began them, contact support.
recover-too-many-back = Back to the first page
