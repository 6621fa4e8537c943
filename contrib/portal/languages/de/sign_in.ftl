# Signing in, and the way from there to a recovery.

sign-in-title = Anmelden
sign-in-password = Passwort
sign-in-button = Anmelden
sign-in-account-missing = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein
sign-in-password-missing = Geben Sie Ihr Passwort ein
sign-in-rejected = Der Benutzername oder das Passwort stimmt nicht. Prüfen Sie beides, und geben Sie das Passwort noch einmal ein.
sign-in-trouble = Klappt das Anmelden nicht?
sign-in-trouble-hint = Wenn Ihr Telefon oder Ihr Sicherheitsgerät verloren, gestohlen oder beschädigt ist oder nicht funktioniert, kommen Sie auf anderem Weg wieder in Ihr Konto.
sign-in-back = Zurück zur Anmeldung
sign-in-throttled-title = Bitte warten Sie, bevor Sie es noch einmal versuchen
sign-in-throttled-passwords = Es gab zu viele Versuche, sich an diesem Konto anzumelden. Zu seinem Schutz wird eine Zeit lang kein Passwort angenommen, auch nicht das richtige.
sign-in-throttled-codes = Es gab zu viele Versuche mit Codes für dieses Konto. Zu seinem Schutz wird eine Zeit lang kein Code angenommen, auch nicht der richtige.
sign-in-throttled-next = Kommen Sie in 15 Minuten wieder, und versuchen Sie es dann noch einmal.
sign-in-throttled-no-wait = Sie müssen nicht warten
sign-in-throttled-recover = Wenn es auch dann nicht klappt oder Sie nicht warten können, kommen Sie auf anderem Weg wieder in Ihr Konto. Die Versuche hier stehen dem nicht im Weg.

landing-title = Wieder in Ihr Konto kommen
landing-lead = Wenn Ihr Telefon oder Ihr Sicherheitsgerät verloren, gestohlen oder beschädigt ist oder nicht funktioniert, können Sie in wenigen Schritten zeigen, dass Sie es sind.
landing-have-ready = Das dauert ein paar Minuten. Halten Sie bereit, was Sie noch haben: Ihr Passwort, Ihr Postfach, Ihr Telefon.
landing-begin = Beginnen

recovery-under-way = In diesem Browser läuft bereits eine Wiederherstellung.
recovery-go-on = Damit weitermachen

signed-in-title = Sie sind angemeldet
signed-in-account = Konto
sign-out = Abmelden

code-title = Geben Sie den Code Ihres Geräts ein
code-lead = Ihr Passwort stimmt. Ihre App oder Ihr Sicherheitsgerät zeigt jetzt einen Code.
code-label = Sechsstelliger Code
code-hint = Sechs Ziffern. Sie wechseln alle 30 Sekunden.
code-missing = Geben Sie die sechs Ziffern ein, die Ihr Gerät zeigt
code-rejected = Dieser Code stimmt nicht oder wurde schon verwendet. Warten Sie auf den nächsten, und geben Sie diesen ein.
code-after-resync = Ihr Gerät ist wieder richtig eingestellt. Warten Sie, bis es den nächsten Code zeigt, und geben Sie diesen ein.
code-trouble = Klappt es nicht?
code-trouble-resync = Mein Gerät zeigt Codes, aber sie werden abgelehnt
code-trouble-resync-hint = Stellen Sie es mit zwei Codes nacheinander wieder richtig ein.
code-trouble-recover = Ich kann mein Gerät nicht benutzen
code-trouble-recover-hint = Es ist verloren, gestohlen oder beschädigt oder funktioniert nicht: Melden Sie sich auf anderem Weg an.
code-other-account = Mit einem anderen Konto anmelden

resync-title = Stellen Sie Ihr Gerät wieder richtig ein
resync-needed = Ihr Code passt, aber die Uhr Ihres Geräts geht falsch. Mit zwei Codes nacheinander ist das behoben.
resync-lead = Das dauert etwa eine Minute. Sie brauchen zwei Codes, die Ihr Gerät direkt nacheinander zeigt.
resync-first = Erster Code
resync-first-hint = Geben Sie den Code ein, den Ihr Gerät jetzt zeigt.
resync-second = Zweiter Code
resync-second-hint = Warten Sie, bis der Code wechselt, und geben Sie dann den neuen ein.
resync-button = Mein Gerät richtig einstellen
resync-first-missing = Geben Sie den ersten Code ein
resync-second-missing = Geben Sie den zweiten Code ein: Warten Sie, bis Ihr Gerät einen anderen zeigt
resync-same-code = Beide Codes sind gleich: Warten Sie, bis Ihr Gerät einen anderen zeigt
resync-rejected = Das sind nicht zwei aufeinanderfolgende Codes dieses Geräts. Geben Sie den Code ein, den es jetzt zeigt, warten Sie auf den nächsten, und geben Sie auch diesen ein.
resync-back = Zurück zur Anmeldung mit einem Code
resync-no-help = Hilft das nicht?
