# Signing in, and the way from there to a recovery.

sign-in-title = Sign in
sign-in-password = Password
sign-in-button = Sign in
sign-in-account-missing = Type your user name or e-mail address
sign-in-password-missing = Type your password
sign-in-rejected = The user name or the password is not right. Check both, and type the password again.
sign-in-trouble = Having trouble signing in?
sign-in-trouble-hint = If your phone or your security device is lost, stolen, damaged or does not work, you can get back into your account.
sign-in-back = Back to sign-in
sign-in-throttled-title = Please wait before you try again
sign-in-throttled-passwords = There were too many tries to sign in to this account. To protect it, no password is accepted for a while, not even the right one.
sign-in-throttled-codes = There were too many tries with codes for this account. To protect it, no code is accepted for a while, not even the right one.
sign-in-throttled-next = Come back in 15 minutes and try once more.
sign-in-throttled-no-wait = You do not have to wait
sign-in-throttled-recover = If it is still refused then, or if you cannot wait, get back into your account in another way. The tries here do not stand in the way of that.

landing-title = Get back into your account
landing-lead = If your phone or your security device is lost, stolen, damaged or does not work, you can show in a few steps that it is you.
landing-have-ready = It takes a few minutes. Have ready what you still have: your password, your mailbox, your telephone.
landing-begin = Start

recovery-under-way = A recovery is under way in this browser.
recovery-go-on = Go on with it

signed-in-title = You are signed in
signed-in-account = Account
sign-out = Sign out

code-title = Type the code of your device
code-lead = Your password was right. Your app or security device now shows a code.
code-label = Code
code-hint = Six digits. They change every 30 seconds.
code-missing = Type the six digits that your device shows
code-rejected = This code is not right, or was used already. Wait for the next one and type that.
code-after-resync = Your device is put right. Wait until it shows its next code, and type that.
code-trouble = Having trouble?
code-trouble-resync = My device shows codes, but they are refused
code-trouble-resync-hint = Put it right with two codes in a row.
code-trouble-recover = I cannot use my device
code-trouble-recover-hint = It is lost, stolen, damaged or does not work: sign in another way.
code-other-account = Sign in with another account

resync-title = Put your device right
resync-needed = Your code fits, but the clock of your device is off. Two codes in a row put that right.
resync-lead = This takes about a minute. You need two codes that your device shows one after the other.
resync-first = First code
resync-first-hint = Type the code that your device shows now.
resync-second = Second code
resync-second-hint = Wait until the code changes, then type the new one.
resync-button = Put my device right
resync-first-missing = Type the first code
resync-second-missing = Type the second code: wait until your device shows another one
resync-same-code = Both codes are the same: wait until your device shows another one
resync-rejected = These are not two codes in a row of this device. Type the code that it shows now, wait for the next one, and type that too.
resync-back = Back to signing in with one code
resync-no-help = Does this not help?
