# The steps of a recovery. `$hint` is a masked address, `none` where there is none.

case-title = Get back into your account
case-account = Account: { $account }
case-step = Step { $step } of { $steps }:
case-done = Done
case-now = Now
case-later = Later
case-waiting = Everything is being checked. This page goes on by itself.
case-choose = Choose how to prove that it is you
case-choose-text = Take whichever way works for you now.
case-other-ways = Another way
case-expires = This recovery stays open until { $time }. You can close this page and come back to it in this browser.
case-cancel = Stop this recovery
case-cancel-text = Nothing about your account changes. You can start over at any time.
case-cancel-button = Yes, stop this recovery
case-start-over = Start over
case-check-again = Check again
case-contact = You reach support here: { $contact }
case-seconds = { $number ->
    [one] { $number } second
   *[other] { $number } seconds
}
case-minutes = { $number ->
    [one] { $number } minute
   *[other] { $number } minutes
}
case-hours = { $number ->
    [one] { $number } hour
   *[other] { $number } hours
}
case-tries = { $tries ->
    [one] You have one more try.
   *[other] You have { $tries } more tries.
}
case-too-soon = That was too soon. Nothing was done. Try again after { $time }.
case-too-often = This was tried as often as is allowed for now. Nothing was done. Use another way, or contact support.
case-still-good = If you already have a code, you can still type it here.

# While the page is shown live.
case-away = The service is being restarted. Nothing is lost, and this page goes on by itself.
case-back = The service is back.

# Password.
case-title-password = Enter your password
case-open-password = First, the password that you sign in with.
case-label-password = Password
case-field-hint-password = The current password of this account.
case-empty-password = Type your password.
case-wrong-password = This is not the password of this account.
case-button-password = Continue

# E-mail.
case-title-email = Confirm by e-mail
case-open-email = { $hint ->
    [none] We send a message to your e-mail address on file.
   *[other] We send a message to { $hint }, your e-mail address on file.
}
case-sent-email = { $hint ->
    [none] A message is on its way to your e-mail address on file. It may take a minute or two.
   *[other] A message is on its way to { $hint }. It may take a minute or two.
}
case-mail-sender = It comes from { $sender }.
case-mail-spam = If you do not see it, look in the spam or junk folder.
case-mail-link = Open its link in this browser, and this page goes on by itself. On another device, the link shows you a code to type here.
case-label-email = Code from the message
case-field-hint-email = Six digits.
case-empty-email = Type the code from the message.
case-digits-email = The code has six digits and nothing else.
case-wrong-email = This is not the code from the last message.
case-button-email = Confirm the code
case-start-email = Send the message
case-again-email = Send it again
case-wait-email = You can have it sent again in { $time }.

# Phone call.
case-title-voice = Confirm by phone call
case-open-voice = { $hint ->
    [none] We call your phone number on file. Have that phone at hand.
   *[other] We call { $hint }, your phone number on file. Have that phone at hand.
}
case-sent-voice = We are calling your phone.
case-call-first = This page shows you six digits.
case-call-then = Your phone rings. Answer it, even if the number is unfamiliar.
case-call-last = Open the keypad of the phone and type the six digits.
case-call-never = We never read a code to you on the phone, and never ask for anything but these digits.
case-start-voice = Call me now
case-again-voice = Call me again
case-wait-voice = You can be called again in { $time }.
case-digits = Type these six digits on your phone:
case-digits-hint = Only on the keypad of the phone. Do not say them, and do not give them to anybody.
case-phase-calling = We are calling you. It can take half a minute until the phone rings.
case-phase-ringing = Your phone is ringing. Answer it, even if the number is unfamiliar.
case-phase-answered = You have answered. Open the keypad and listen.
case-phase-prompting = Type the six digits on the keypad of your phone now.
case-phase-wrong-digits = { $tries ->
    [0] Those were not the six digits.
    [one] Those were not the six digits. Type them again, slowly. You have one more try.
   *[other] Those were not the six digits. Type them again, slowly. You have { $tries } more tries.
}
case-phase-calling-short = Calling
case-phase-ringing-short = Ringing
case-phase-answered-short = Answered
case-phase-prompting-short = Type the digits
case-no-ring = My phone is not ringing
case-no-call = If no call comes
case-no-call-number = Is { $hint } still your number? If it is not, support can correct it.
case-no-call-silent = Turn off silent mode, do-not-disturb and call forwarding.
case-no-call-signal = Make sure that the phone has a signal, or go to where it has one.
case-no-call-blocked = Turn off apps that block calls or unknown callers for a few minutes.

# Recovery code.
case-title-recovery-code = Enter a recovery code
case-open-recovery-code = Use one of the recovery codes that you printed or saved. Each works once.
case-label-recovery-code = Recovery code
case-field-hint-recovery-code = Capital or small letters, with or without dashes.
case-empty-recovery-code = Type one of your recovery codes.
case-wrong-recovery-code = This is not one of your unused recovery codes. Take care of letters that look alike.
case-button-recovery-code = Use this code

# Another device.
case-title-totp = Enter a code from another device
case-open-totp = Open the authenticator on another of your devices.
case-label-totp = Code that it shows now
case-field-hint-totp = It changes every half minute.
case-empty-totp = Type the code that your other device shows.
case-digits-totp = The code has only digits, usually six.
case-wrong-totp = This is not the code that your other device shows now. Wait for the next one.
case-button-totp = Confirm the code

# Two codes in a row.
case-title-resync = Enter two codes from your device
case-open-resync = The clock of your device seems to be off. Two codes in a row put that right.
case-label-resync = Code that it shows now
case-field-hint-resync = Type it, then wait until it changes.
case-label-resync-next = The next code
case-field-hint-resync-next = The one that comes right after it.
case-empty-resync = Type both codes, one after the other.
case-digits-resync = The code has only digits, usually six.
case-same-resync = Both codes are the same. Wait until the code changes, then type the new one.
case-wrong-resync = These are not two codes in a row of your device. Wait for a new code and begin with that.
case-button-resync = Put my device right

# Approval.
case-title-approval = Approval by staff
case-open-approval = A member of staff has to confirm that it is you. Call or visit them. This page goes on by itself as soon as they have.

# Access pass.
case-title-pass = Enter your access pass
case-open-pass = Support has given you an access pass. It works once.
case-label-pass = Access pass
case-field-hint-pass = As support sent it, with or without dashes.
case-empty-pass = Type the access pass.
case-wrong-pass = This is not your access pass, or it is too old.
case-button-pass = Use this pass

# Recovery contact.
case-title-contact = Ask your recovery contact
case-open-contact = { $hint ->
    [none] We send a code to your recovery contact on file. They hand it to you.
   *[other] We send a code to { $hint }, your recovery contact on file. They hand it to you.
}
case-sent-contact = { $hint ->
    [none] Your recovery contact has been sent a code. Ask them for it, in person or by voice.
   *[other] Your recovery contact { $hint } has been sent a code. Ask them for it, in person or by voice. If they do not see it, have them look in the spam folder.
}
case-label-contact = Code from your recovery contact
case-field-hint-contact = Six digits.
case-empty-contact = Type the code that your recovery contact gave you.
case-digits-contact = The code has six digits and nothing else.
case-wrong-contact = This is not the code that your recovery contact was sent last.
case-button-contact = Confirm the code
case-start-contact = Send the code to my contact
case-again-contact = Send it again
case-wait-contact = You can have it sent again in { $time }.

# Any other channel, such as text messages.
case-title-channel = { $channel ->
    [sms] Confirm by text message
   *[other] Confirm by message ({ $channel })
}
case-open-channel = { $hint ->
    [none] We send a code to your address on file.
   *[other] We send a code to { $hint }.
}
case-sent-channel = { $hint ->
    [none] A message with a code is on its way to your address on file.
   *[other] A message with a code is on its way to { $hint }.
}
case-label-channel = Code from the message
case-field-hint-channel = Six digits.
case-empty-channel = Type the code from the message.
case-digits-channel = The code has six digits and nothing else.
case-wrong-channel = This is not the code from the last message.
case-button-channel = Confirm the code
case-start-channel = Send the code
case-again-channel = Send it again
case-wait-channel = You can have it sent again in { $time }.

# Why a step did not work, and what to do.
case-why-busy = The line was busy.
case-fix-busy = End any other call on that phone, then let us call again.
case-why-no-answer = The phone rang, but nobody answered.
case-fix-no-answer = Have the phone at hand with its sound on, then let us call again.
case-why-declined = The call was declined on the phone.
case-fix-declined = Let us call again and accept the call. The number may be unfamiliar to you.
case-why-no-input = The call was answered, but no key was pressed. It may have gone to voicemail.
case-fix-no-input = Let us call again, answer it yourself, open the keypad and type the six digits.
case-why-wrong-digits = The digits typed on the phone were not the ones on this page.
case-fix-wrong-digits = Let us call again and type the new six digits, one at a time.
case-why-wrong-code = The code was wrong too often, so it is no longer good.
case-fix-wrong-code = Ask for a new one and use only that.
case-why-wrong-often = That was wrong too often in a row.
case-fix-wrong-often = Make sure that you have the right one, then try again.
case-why-hung-up = The call ended before all six digits were typed.
case-fix-hung-up = Let us call again, and stay on the line until you have typed all six.
case-why-rejected = The telephone network refused the call.
case-fix-rejected = Something may be blocking calls to that phone. Turn it off and let us call again, or contact support.
case-why-unreachable = We could not reach the phone just now. This is not your fault.
case-fix-unreachable = Make sure that the phone is on and has a signal, then let us call again.
case-why-blocked = We are not able to call this number.
case-fix-blocked = Use another way, or contact support.
case-why-invalid-number = The telephone network does not know the number on file.
case-fix-invalid-number = Contact support to have it corrected.
case-why-invalid-address = The mail system does not know the address on file.
case-fix-invalid-address = Contact support to have it corrected.
case-why-trunk-auth = Our telephone provider refused the call. This is not your fault.
case-fix-trunk-auth = Try again in a few minutes. If it lasts, contact support.
case-why-trunk-forbidden = Our telephone provider does not call this number.
case-fix-trunk-forbidden = Use another way, or contact support.
case-why-provider-error = Our telephone provider had a fault. This is not your fault.
case-fix-provider-error = Let us call again in a moment. If it lasts, contact support.
case-why-media-negotiation = The call could not be set up with your telephone network.
case-fix-media-negotiation = Let us call again. If it lasts, contact support.
case-why-dtmf-unsupported = Your telephone network does not carry the keys that you press.
case-fix-dtmf-unsupported = Use another way, or contact support.
case-why-max-duration = The call took too long.
case-fix-max-duration = Let us call again and type the six digits as soon as you are asked.
case-why-cancelled = This was called off.
case-fix-cancelled = Start it again when you are ready.
case-why-interrupted = Our service was interrupted. This is not your fault.
case-fix-interrupted = Start this step again.
case-why-expired = The time for this call is over.
case-fix-expired = Let us call again and type the new six digits.
case-why-message-rejected = The mail system refused the message.
case-fix-message-rejected = A filter may be the cause, or a mailbox that is full. Have it sent again, or contact support.
case-why-message-unreachable = The message could not be delivered just now. This is not your fault.
case-fix-message-unreachable = Have it sent again in a moment. If it lasts, contact support.
case-why-message-blocked = We are not able to send to this address.
case-fix-message-blocked = Use another way, or contact support.
case-why-message-provider-error = Our provider had a fault. This is not your fault.
case-fix-message-provider-error = Have it sent again in a moment. If it lasts, contact support.
case-why-message-expired = The time to use this code is over.
case-fix-message-expired = Have a new one sent and use only that.
case-why-unknown = This did not work.
case-fix-unknown = Try again, or contact support.
case-why-spent = This was tried as often as a recovery allows.
case-fix-spent = Use another way, or contact support.

# The way to support.
case-support-voice = I still do not get the call: get help from support
case-support-email = I do not get the message: get help from support
case-support-other = This does not work for me: get help from support
case-support-form = Send support a message

# What a case is when nothing is proven in it.
case-held-title = Everything is confirmed: now please wait
case-held-text = For your safety there is a waiting time before the recovery takes effect.
case-held-until = It is over on { $time }.
case-held-left = That is in { $time }.
case-held-told = We have told every address on file about this recovery.
case-held-stop = The owner of the account can stop it until then, with the link in that message. If this recovery is not yours, stop it.
case-held-back = You need not wait here. Come back to this page in this browser when the time is over.
case-escalated-title = Support has to help you with this
case-escalated-text = This recovery cannot go on by itself. Support sees everything that you have done here, and can help you.
case-escalated-live = This page goes on by itself when they have decided.
case-administrator-title = Your administrator has to help you with this
case-administrator-text = You cannot reset your own device. Contact your administrator: they can deactivate the device for you. Then you sign in and set up a new one.
case-ticket = Your ticket number:
case-ticket-next = Somebody gets in touch with you. Keep the number: it is how they find your request.
case-denied-title = This recovery was refused
case-denied-text = Those who look after the account have decided so. If you think that this is wrong, contact support.
case-vetoed-title = This recovery was stopped
case-vetoed-text = The owner of the account said that it was not them. If that was you, there is nothing else to do. If the account is yours and you did not stop this, contact support.
case-cancelled-title = This recovery was cancelled
case-cancelled-text = Nothing about the account has changed. You can start over at any time.
case-expired-title = The time for this recovery is over
case-expired-text = Start over, or contact support.
case-unknown-title = Your recovery is under way
case-unknown-text = It is in a state that this page cannot show. It goes on by itself; if it does not, contact support.
