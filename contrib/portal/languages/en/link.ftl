# What the links in messages lead to.

link-title = Confirm that this message reached you
link-lead = You have opened a link from a message about getting back into your account. Press the button only if it is you who asked for it.
link-button = Yes, it was me: go on
link-not-me = This was not you?
link-not-me-hint = Do nothing here. The message has a second link, “This was not you?”, which stops the recovery. Open that one, and do not pass anything from the message on to anybody.

link-code-title = Your code
link-code-lead = You opened the link in another browser than the one in which the recovery was begun. Type this code there, on the page that you opened yourself:
link-code-warning = Never tell this code to anybody
link-code-warning-text = Not on the telephone, not in a chat, not to support. Nobody will ask you for it. Whoever asks you for it wants into your account. Type it only on the page that you opened yourself.
link-code-from = Compare this with what you did
link-code-account = Account
link-code-client = The recovery was begun from

link-void-title = This link does not work any more
link-void-why = It was used already, has expired, or is not complete. Each link works once, and for a short time; a newer message replaces an older one.
link-void-next-here = Go back to your recovery. There you see how it stands, and you can ask for a new message.
link-void-next-elsewhere = Go back to the browser in which you began your recovery. There you see how it stands, and you can ask for a new message. If that page is gone, start over.
link-void-go-back = Go back to my recovery
link-void-start-over = Start over

veto-title = Was it you?
veto-lead = You got a message that somebody asked to get back into your account. Say here whether it was you.
veto-choice = Who asked for it?
veto-choice-missing = Choose whether it was you
veto-not-me = It was not me: stop it
veto-not-me-hint = The recovery ends at once. Nobody gets into your account by it.
veto-me = It was me: let it go on
veto-me-hint = Nothing is changed.
veto-button = Confirm
veto-stopped-title = The recovery is stopped
veto-stopped-what = Nobody gets into your account by it any more. Its links and codes do not work any longer, and every address on file is told.
veto-over-title = This recovery is not running any more
veto-over-what = It was stopped already, or has come to its end, or this link is too old. Nothing was changed now.
veto-over-support = If you did not stop it, and did not finish it yourself, contact support at once: somebody may have got into your account.
veto-unknown-title = This link is not complete
veto-unknown-what = Nothing was stopped. Open the link as it is in the message, or copy all of it into the address bar. If that does not work, contact support.
veto-left-title = Nothing was changed
veto-left-what = The recovery goes on. If you change your mind, open the link in the message again.
veto-what-now = What to do now
veto-now-password = Change the password of your account, if you still can sign in. Whoever began this may know it.
veto-now-mailbox = Change the password of your mailbox too, and look for rules there that you did not make, such as forwarding.
veto-now-tell-nobody = Tell nobody a code from a message or a call, whoever asks for it.
veto-now-support = Tell support what happened, so that they can look after your account.
