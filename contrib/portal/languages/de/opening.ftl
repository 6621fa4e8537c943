# Opening a recovery: for which account, and why.

recover-title = Wieder in Ihr Konto kommen
recover-lead = Sagen Sie uns zwei Dinge. Danach zeigen wir Ihnen Schritt für Schritt, wie Sie nachweisen, dass Sie es sind.
recover-begin = Wieder in Ihr Konto kommen
recover-account = Benutzername oder E-Mail-Adresse
recover-account-hint = Womit Sie sich sonst anmelden.
recover-account-missing = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein
recover-account-malformed = Das kann kein Benutzername und keine E-Mail-Adresse sein. Prüfen Sie die Eingabe.
recover-reason = Was ist mit Ihrem Gerät?
recover-reason-missing = Wählen Sie aus, was mit Ihrem Gerät ist
reason-lost = Ich habe es verloren
reason-lost-hint = Sie wissen nicht, wo es ist. Jemand könnte es finden.
reason-stolen = Es wurde gestohlen
reason-stolen-hint = Jemand anderes hat es.
reason-damaged = Es ist beschädigt
reason-damaged-hint = Es ist kaputt oder in Reparatur.
reason-not-working = Es funktioniert nicht
reason-not-working-hint = Es lässt sich nicht einschalten, oder die App zeigt keine Codes mehr.
reason-out-of-sync = Es funktioniert, aber seine Codes werden abgelehnt
reason-out-of-sync-hint = Vielleicht geht seine Uhr falsch. Meist beheben das zwei Codes nacheinander, und Sie behalten das Gerät.
recover-told = Zum Schutz Ihres Kontos wird jede hinterlegte Adresse von einer Wiederherstellung unterrichtet.

recover-offer-title = Es läuft bereits eine Wiederherstellung
recover-offer-account = Konto
recover-offer-since = Begonnen
recover-offer-again = Von vorn beginnen
recover-offer-again-hint = Damit geben Sie auf, was Sie bisher getan haben. Links und Codes aus früheren Nachrichten gelten dann nicht mehr.
recover-offer-again-button = Aufgeben und von vorn beginnen

recover-too-many-title = Im Moment kann keine weitere Wiederherstellung begonnen werden
recover-too-many-why = Für dieses Konto oder von Ihrem Anschluss aus wurden zu viele Wiederherstellungen begonnen. Zum Schutz des Kontos warten wir eine Weile bis zur nächsten.
recover-too-many-what-now = Was Sie jetzt tun können
recover-too-many-running = Wenn Sie schon eine begonnen haben, kehren Sie zu ihr zurück: Sie läuft weiter, in dem Browser, in dem Sie sie begonnen haben.
recover-too-many-wait = Kommen Sie sonst in einer Stunde wieder, und versuchen Sie es noch einmal.
recover-too-many-support = Wenn Sie nicht warten können oder nicht Sie selbst sie begonnen haben, wenden Sie sich an den Support.
recover-too-many-back = Zurück zur ersten Seite
