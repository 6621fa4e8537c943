# Opening a recovery: for which account, and why.

recover-title = Get back into your account
recover-account = User name or e-mail address
recover-reason = What happened to your device?
reason-lost = I have lost it
reason-stolen = It was stolen
reason-damaged = It is damaged
reason-not-working = It does not work
reason-out-of-sync = It works, but its codes are refused
