# Opening a recovery: for which account, and why.

recover-title = Wieder ins eigene Konto kommen
recover-account = Benutzername oder E-Mail-Adresse
recover-reason = Was ist mit Ihrem Gerät?
reason-lost = Ich habe es verloren
reason-stolen = Es wurde gestohlen
reason-damaged = Es ist beschädigt
reason-not-working = Es funktioniert nicht
reason-out-of-sync = Es funktioniert, aber seine Codes werden abgelehnt
