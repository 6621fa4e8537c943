# What went wrong, and the way on.

problem-start-over = Start over
problem-to-case = Back to your recovery
problem-look-again = Look again
problem-no-page = There is no such page
problem-no-page-next = Check the address, or start over.
problem-no-case = There is no recovery under way in this browser
problem-no-case-next = It may have been finished, or was begun in another browser. You can start over.
problem-stale = This page was open for too long
problem-stale-next = Nothing was changed. Go back, load the page again, and repeat what you did. Cookies have to be allowed.
problem-malformed = This form was not understood
problem-malformed-next = Nothing was changed. Go back, and fill it in again.
problem-too-large = This is more than the form can take
problem-too-large-next = Nothing was changed. Go back, and write less.
problem-over = This is not possible any more
problem-over-next = It was done already, or its time is over.
problem-too-many = That was too often in a short time
problem-too-many-next = Nothing was changed. Wait a few minutes, and try again.
problem-unavailable = This cannot be done just now
problem-unavailable-next = Try again in a moment.
problem-away = The service is being restarted
problem-away-next = What you have done so far is kept. This page goes on by itself in a moment and then shows how things stand.
problem-not-let-in = The service is not set up completely
problem-not-let-in-next = Please tell an administrator: the portal is not let onto the bus.
