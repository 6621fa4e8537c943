# What went wrong, and the way on.

problem-start-over = Start over
problem-no-page = There is no such page
problem-no-page-next = Check the address, or start over.
problem-no-case = There is no recovery under way in this browser
problem-no-case-next = It may have been finished, or was begun in another browser. You can start over.
problem-stale = This page was open for too long
problem-stale-next = Nothing was changed. Go back, load the page again, and repeat what you did. Cookies have to be allowed.
problem-malformed = This form was not understood
problem-malformed-next = Go back, and fill it in again.
problem-too-large = This is more than the form can take
problem-too-large-next = Go back, and write less.
problem-over = This is not possible any more
problem-over-next = It was done already, or its time is over. Go back to your recovery, or start over.
problem-too-many = That was too often in a short time
problem-too-many-next = Wait a few minutes, and try again.
problem-unavailable = This cannot be done just now
problem-unavailable-next = Nothing was changed. Try again in a moment.
problem-away = The service is being restarted
problem-away-next = Nothing is lost. This page goes on by itself in a moment.
problem-not-let-in = The service is not set up completely
problem-not-let-in-next = Please tell an administrator: the portal is not let onto the bus.
