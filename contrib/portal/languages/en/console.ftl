# Support's own pages.

console-name = Support console
console-officer = You are { $officer }
console-to-queue = All recoveries
console-queue = Recoveries that wait for people
console-refresh = Show how it stands now
console-refreshed = Brought up to date; recoveries shown: { $count }.

# Who is let in.
console-other-user = This console is somebody else’s
console-other-user-next = It serves { $user } and nobody else. Start your own: readmit-portal console.
console-other-host = This console does not go by that name
console-other-host-next = Open the address that it printed. Behind a proxy, its public address has to be given with --public-url.
console-no-session = This address lets nobody in any more
console-no-session-next = It was good once, for a minute, and a session ends after twelve hours. In the terminal of { $user }, end the console (Ctrl-C) and start it again: readmit-portal console.

# What the daemon does not do.
console-not-allowed = You may not do this
console-not-allowed-why = { $officer } lacks the right { $right }.
console-not-allowed-next = Whoever runs Readmit here can give it: by a role: the group readmit-helpdesk, readmit-security or readmit-admins. Your own account is always decided by somebody else.
console-no-case = There is no such recovery
console-no-case-next = It may be so old that it was removed, or the address is not complete.

# The queue.
console-show = Show
console-show-escalated = Waiting for people
console-show-open = All that are open
console-show-proving = Being proven
console-show-held = In the waiting time
console-show-recovered = Recovered, with something left to do
console-show-completed = Completed
console-show-denied = Refused
console-show-vetoed = Stopped by the owner
console-show-cancelled = Given up
console-show-expired = Expired
console-show-all = Everything
console-account = Account (empty: all)
console-account-wrong = This cannot be the name of an account. Check it, or leave the field empty.
console-order = Order
console-oldest = Waiting longest first
console-newest = Newest first
console-show-them = Show these
console-nothing = Nothing waits here.
console-pages = Pages
console-before = Previous page
console-after = Next page
console-column-account = Account
console-column-state = State
console-column-reason = Device
console-column-opened = Opened
console-column-ends = Ends by itself
console-column-factor = Step
console-column-to = To
console-column-last = Last result
console-column-tries = Tries left
console-minutes = { $count ->
    [one] ({ $count } minute ago)
   *[other] ({ $count } minutes ago)
}
console-hours = { $count ->
    [one] ({ $count } hour ago)
   *[other] ({ $count } hours ago)
}
console-days = { $count ->
    [one] ({ $count } day ago)
   *[other] ({ $count } days ago)
}

# A case.
console-case = Recovery of { $account }
console-case-of = Recovery of
console-with = with:
console-because = Because:
console-actions = What you can do
console-nothing-to-do = Nothing can be decided about this recovery now.
console-own = This is your own account. Nobody decides about their own account: ask a colleague.
console-approved-already = You have approved this recovery. Every further approval takes another person.
console-facts = What is known
console-decoy = There is no such account. Somebody typed this name; the recovery only looks real to them. It can be refused, and nothing else.
console-fact-account = Account
console-fact-reason = Device
console-fact-kind = Kind of account
console-fact-realm = Realm
console-fact-email = E-mail address on file
console-fact-phone = Phone number on file
console-fact-device = Name of the device
console-fact-ticket = Ticket
console-fact-address = Asked from
console-fact-browser = With
console-fact-policy = Version of the policy
console-fact-opened = Opened
console-fact-held = Waiting time until
console-fact-ends = Ends by itself
console-form = What the person wrote
console-form-untrusted = Anybody can have written this. Call back only on a number that you know from elsewhere, never on one that stands here.
console-field-problem = Problem
console-field-name = Full name
console-field-email = E-mail address
console-field-phone = Phone number
console-field-account = Account
console-field-message = Message
console-plan = What has to be proven
console-no-plan = The policy has not asked for anything to be proven.
console-approvals = Approvals
console-approvals-given = { $given } of { $needed } given. Each takes a different person.
console-you = (you)
console-history = What happened, the latest first

# Decisions.
console-do-approve = Approve
console-do-pass = Send the pass
console-do-reset = Reset the device
console-do-deny = Refuse the recovery
console-hint-approve = You vouch that this is the person.
console-hint-pass = An access pass goes to the e-mail address on file; the person goes on with it.
console-hint-reset = The person is let in at once. Only if you are certain who they are.
console-hint-deny = The recovery ends. The person can start over.
console-ask-approve = Approve this recovery?
console-ask-pass = Send an access pass?
console-ask-reset = Reset the device and let the person in?
console-ask-deny = Refuse this recovery?
console-does-approve = Your approval counts as one proof in this recovery. Approve only if you know by your own means who asks, for example by calling back on a number that you know from elsewhere.
console-does-pass = An access pass is sent to the e-mail address on file, never to one that the person gave. You do not see it. The person types it into the page that they have open, and goes on by themselves.
console-does-reset = Nothing more has to be proven: the device is deactivated, and the person may sign in once. Everyone whose address is on file is told, and the owner can still say “this was not me”. This cannot be taken back.
console-does-deny = The recovery ends, and everyone whose address is on file is told. A sign-in that it has given is taken back. The person can start over.
console-done-approve = Your approval is recorded.
console-done-pass = The pass is on its way to the address on file. The person goes on with it.
console-done-reset = The device is reset. The person goes on in their own browser.
console-done-deny = The recovery is refused.
console-cannot-approve = The daemon did not take the approval. Look at the history; if it does not tell why, try again in a moment.
console-cannot-pass = No pass can be sent: there is no address on file to send it to, or too many passes were tried in this recovery. Have the account corrected, or choose another way.
console-cannot-reset = The account cannot be reset now. If there is no such account, refuse the recovery.
console-cannot-deny = The daemon did not take the refusal. Try again in a moment.
console-type-account = To confirm, type the name of the account: { $account }
console-account-differs = This is not the name of the account. Type it exactly as it stands above the field.
console-because-label = Why do you decide so?
console-because-hint = How you know, and what you have checked. The journal keeps it with your name. Up to 4,000 characters.
console-because-missing = Say why. The journal keeps it, for those who look at this later.
console-because-long = This is too long. Shorten it to 4,000 characters.
console-turned = Something happened in this recovery since you opened this page. Look at its history first. What you have written is still here; send it again if it still holds.
console-over = This cannot be decided any more, or somebody else was faster. This is how it stands now.
console-back = Back to the recovery

# The daemon's words.
console-state-proving = Being proven
console-state-held = In the waiting time
console-state-recovered = Recovered
console-state-completed = Completed
console-state-escalated = Waiting for people
console-state-denied = Refused
console-state-vetoed = Stopped by the owner
console-state-cancelled = Given up
console-state-expired = Expired
console-reason-lost = Lost
console-reason-stolen = Stolen
console-reason-damaged = Damaged
console-reason-not-working = Does not work
console-reason-out-of-sync = Codes are refused
console-step-waiting = Comes later
console-step-open = Open
console-step-sent = On its way
console-step-proven = Proven
console-step-failed = Failed
console-factor-password = Password
console-factor-email = E-mail
console-factor-voice = Phone call
console-factor-recovery-code = Recovery code
console-factor-totp = Other device
console-factor-resync = Two codes of the device
console-factor-approval = Approval by staff
console-factor-pass = Access pass
console-factor-contact = Recovery contact
console-factor-sms = Text message
console-resolution-pass = access pass
console-resolution-reset = reset of the device
console-problem-lost-device = The device is lost
console-problem-no-call = No call arrives
console-problem-no-email = No e-mail arrives
console-problem-wrong-number = The phone number on file is wrong
console-problem-wrong-email = The e-mail address on file is wrong
console-problem-not-me = Somebody else is trying to recover the account
console-problem-other = Something else
console-disposition-sent = Sent
console-disposition-entered = Right digits entered
console-disposition-busy = Busy
console-disposition-no-answer = Nobody answered
console-disposition-declined = Call declined
console-disposition-no-input = No key was pressed
console-disposition-wrong-digits = Wrong digits
console-disposition-wrong-code = Wrong code
console-disposition-hung-up = Hung up too early
console-disposition-rejected = Refused by the network or mail server
console-disposition-unreachable = Provider not reached
console-disposition-blocked = Blocked by a rule
console-disposition-invalid-number = Number unknown to the network
console-disposition-invalid-address = Address unknown to the mail system
console-disposition-trunk-auth = Provider refused our credentials
console-disposition-trunk-forbidden = Provider does not let us call there
console-disposition-provider-error = Provider failed
console-disposition-media-negotiation = No common way to carry sound
console-disposition-dtmf-unsupported = Network cannot carry keypad digits
console-disposition-max-duration = Call too long
console-disposition-reported = Reported by whoever answered
console-disposition-cancelled = Called off
console-disposition-interrupted = Interrupted by a restart
console-disposition-expired = Not answered in time

# What happened.
console-actor-daemon = Readmit itself
console-actor-timer = Readmit, when the time came
console-actor-plugin = A plugin that delivers
console-event-case-opened = The recovery was opened.
console-event-plan-set = The policy said what has to be proven.
console-event-challenge-sent = { $factor }: asked for.
console-a-message = A message
console-event-delivery-ended = { $factor }: { $disposition }.
console-event-proof-refused = { $factor }: a wrong answer. Tries left: { $tries_left }.
console-event-factor-proven = { $factor }: proven.
console-event-factor-failed = { $factor } failed: { $disposition }.
console-event-link-opened-elsewhere = The link in the e-mail was opened in another browser.
console-event-escalated = Handed to people: { $to }.
console-event-support-requested = The person has written to support.
console-event-approved = Approved.
console-event-resolved = Decided: { $resolution }.
console-event-denied = Refused.
console-event-held = The waiting time has begun.
console-event-recovered = The account is recovered.
console-event-sign-in-claimed = The person has taken the one sign-in.
console-event-recovery-codes-reissued = New recovery codes were given out.
console-event-password-changed = The password was changed.
console-event-enrollment-began = A new device is being set up.
console-event-enrollment-refused = New device: wrong codes. Tries left: { $tries_left }.
console-event-device-enrolled = A new device was set up.
console-event-device-gone = The device was removed already.
console-event-completed = Everything is done.
console-event-vetoed = The owner said “this was not me”.
console-event-cancelled = The person gave up.
console-event-expired = The time was over.
console-event-policy-failed = The policy failed; nobody is let in by that.
console-event-alert = An alarm was raised: { $kind }.
console-fact-device-form = Form of the device
console-fact-tasks = Left to do
console-device-virtual = In an app
console-device-hardware = A token of its own
console-task-sign-in = Sign in once
console-task-change-password = Change the password
console-task-enroll = Set up a new device
