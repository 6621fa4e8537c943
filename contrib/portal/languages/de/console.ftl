# Support's own pages.

console-name = Support-Konsole
console-officer = Sie sind { $officer }
console-to-queue = Alle Wiederherstellungen
console-queue = Wiederherstellungen, die auf jemanden warten
console-refresh = Aktuellen Stand anzeigen
console-refreshed = Aktualisiert; angezeigte Wiederherstellungen: { $count }.

# Who is let in.
console-other-user = Diese Konsole gehört jemand anderem
console-other-user-next = Sie ist nur für { $user } da. Starten Sie Ihre eigene: readmit-portal console.
console-other-host = Unter diesem Namen ist die Konsole nicht erreichbar
console-other-host-next = Öffnen Sie die Adresse, die beim Start ausgegeben wurde. Hinter einem Proxy muss die öffentliche Adresse mit --public-url angegeben werden.
console-no-session = Diese Adresse gilt nicht mehr
console-no-session-next = Sie galt einmal, eine Minute lang; eine Sitzung endet nach zwölf Stunden. Beenden Sie die Konsole im Terminal von { $user } (Strg-C) und starten Sie sie neu: readmit-portal console.

# What the daemon does not do.
console-not-allowed = Das dürfen Sie nicht
console-not-allowed-why = { $officer } hat das Recht { $right } nicht.
console-not-allowed-next = Wer Readmit hier betreibt, kann es erteilen: durch eine Rolle: die Gruppe readmit-helpdesk, readmit-security oder readmit-admins. Über Ihr eigenes Konto entscheidet immer jemand anderes.
console-no-case = Diese Wiederherstellung gibt es nicht
console-no-case-next = Vielleicht ist sie so alt, dass sie entfernt wurde, oder die Adresse ist unvollständig.

# The queue.
console-show = Anzeigen
console-show-escalated = Wartet auf jemanden
console-show-open = Alle offenen
console-show-proving = Nachweise laufen
console-show-held = In der Wartezeit
console-show-recovered = Wiederhergestellt, noch etwas zu tun
console-show-completed = Abgeschlossen
console-show-denied = Abgelehnt
console-show-vetoed = Vom Inhaber gestoppt
console-show-cancelled = Aufgegeben
console-show-expired = Abgelaufen
console-show-all = Alles
console-account = Konto (leer: alle)
console-account-wrong = So kann kein Konto heißen. Prüfen Sie den Namen oder lassen Sie das Feld leer.
console-order = Reihenfolge
console-oldest = Am längsten wartende zuerst
console-newest = Neueste zuerst
console-show-them = Diese anzeigen
console-nothing = Hier wartet nichts.
console-pages = Seiten
console-before = Vorige Seite
console-after = Nächste Seite
console-column-account = Konto
console-column-state = Stand
console-column-reason = Gerät
console-column-opened = Begonnen
console-column-ends = Endet von selbst
console-column-factor = Schritt
console-column-to = An
console-column-last = Letztes Ergebnis
console-column-tries = Versuche übrig
console-minutes = { $count ->
    [one] (vor { $count } Minute)
   *[other] (vor { $count } Minuten)
}
console-hours = { $count ->
    [one] (vor { $count } Stunde)
   *[other] (vor { $count } Stunden)
}
console-days = { $count ->
    [one] (vor { $count } Tag)
   *[other] (vor { $count } Tagen)
}

# A case.
console-case = Wiederherstellung von { $account }
console-case-of = Wiederherstellung von
console-with = bei:
console-because = Grund:
console-actions = Was Sie tun können
console-nothing-to-do = Über diese Wiederherstellung gibt es gerade nichts zu entscheiden.
console-own = Das ist Ihr eigenes Konto. Niemand entscheidet über das eigene Konto: Bitten Sie eine Kollegin oder einen Kollegen.
console-approved-already = Sie haben dieser Wiederherstellung zugestimmt. Jede weitere Zustimmung muss von jemand anderem kommen.
console-facts = Was bekannt ist
console-decoy = Dieses Konto gibt es nicht. Jemand hat den Namen eingegeben; nur für diese Person sieht die Wiederherstellung echt aus. Sie kann nur abgelehnt werden.
console-fact-account = Konto
console-fact-reason = Gerät
console-fact-kind = Art des Kontos
console-fact-realm = Bereich
console-fact-email = Hinterlegte E-Mail-Adresse
console-fact-phone = Hinterlegte Telefonnummer
console-fact-device = Name des Geräts
console-fact-ticket = Vorgangsnummer
console-fact-address = Angefragt von
console-fact-browser = Mit
console-fact-policy = Version der Regeln
console-fact-opened = Begonnen
console-fact-held = Wartezeit bis
console-fact-ends = Endet von selbst
console-form = Was die Person geschrieben hat
console-form-untrusted = Das kann jeder geschrieben haben. Rufen Sie nur unter einer Nummer zurück, die Sie aus anderer Quelle kennen, nie unter einer, die hier steht.
console-field-problem = Anliegen
console-field-name = Vollständiger Name
console-field-email = E-Mail-Adresse
console-field-phone = Telefonnummer
console-field-account = Konto
console-field-message = Nachricht
console-plan = Was nachgewiesen werden muss
console-no-plan = Die Regeln haben keinen Nachweis verlangt.
console-approvals = Zustimmungen
console-approvals-given = { $given } von { $needed } erteilt. Jede muss von jemand anderem kommen.
console-you = (Sie)
console-history = Was geschehen ist, das Neueste zuerst

# Decisions.
console-do-approve = Zustimmen
console-do-pass = Zugangspass senden
console-do-reset = Gerät zurücksetzen
console-do-deny = Wiederherstellung ablehnen
console-hint-approve = Sie bürgen dafür, dass es die richtige Person ist.
console-hint-pass = Ein Zugangspass geht an die hinterlegte E-Mail-Adresse; die Person macht damit weiter.
console-hint-reset = Die Person wird sofort eingelassen. Nur, wenn Sie sicher sind, wer sie ist.
console-hint-deny = Die Wiederherstellung endet. Die Person kann neu beginnen.
console-ask-approve = Dieser Wiederherstellung zustimmen?
console-ask-pass = Einen Zugangspass senden?
console-ask-reset = Das Gerät zurücksetzen und die Person einlassen?
console-ask-deny = Diese Wiederherstellung ablehnen?
console-does-approve = Ihre Zustimmung zählt als ein Nachweis in dieser Wiederherstellung. Stimmen Sie nur zu, wenn Sie auf eigenem Weg wissen, wer fragt, etwa durch einen Rückruf unter einer Nummer, die Sie aus anderer Quelle kennen.
console-does-pass = Ein Zugangspass wird an die hinterlegte E-Mail-Adresse gesendet, nie an eine, die die Person genannt hat. Sie selbst sehen ihn nicht. Die Person gibt ihn auf der Seite ein, die sie geöffnet hat, und macht allein weiter.
console-does-reset = Es muss nichts weiter nachgewiesen werden: Das Gerät wird deaktiviert, und die Person darf sich einmal anmelden. Alle hinterlegten Adressen werden benachrichtigt, und der Inhaber kann noch „Das war ich nicht“ sagen. Rückgängig machen lässt es sich nicht.
console-does-deny = Die Wiederherstellung endet, und alle hinterlegten Adressen werden benachrichtigt. Eine Anmeldung, die sie ermöglicht hat, wird zurückgenommen. Die Person kann neu beginnen.
console-done-approve = Ihre Zustimmung ist festgehalten.
console-done-pass = Der Zugangspass ist unterwegs an die hinterlegte Adresse. Die Person macht damit weiter.
console-done-reset = Das Gerät ist zurückgesetzt. Die Person macht in ihrem eigenen Browser weiter.
console-done-deny = Die Wiederherstellung ist abgelehnt.
console-cannot-approve = Der Dienst hat die Zustimmung nicht angenommen. Sehen Sie im Verlauf nach; steht dort kein Grund, versuchen Sie es gleich noch einmal.
console-cannot-pass = Es kann kein Zugangspass gesendet werden: Es ist keine Adresse hinterlegt, oder in dieser Wiederherstellung wurden zu viele versucht. Lassen Sie das Konto berichtigen oder wählen Sie einen anderen Weg.
console-cannot-reset = Das Konto kann gerade nicht zurückgesetzt werden. Wenn es das Konto nicht gibt, lehnen Sie die Wiederherstellung ab.
console-cannot-deny = Der Dienst hat die Ablehnung nicht angenommen. Versuchen Sie es gleich noch einmal.
console-type-account = Geben Sie zur Bestätigung den Namen des Kontos ein: { $account }
console-account-differs = Das ist nicht der Name des Kontos. Geben Sie ihn genau so ein, wie er über dem Feld steht.
console-because-label = Warum entscheiden Sie so?
console-because-hint = Woher Sie es wissen und was Sie geprüft haben. Es wird mit Ihrem Namen dauerhaft festgehalten. Höchstens 4.000 Zeichen.
console-because-missing = Geben Sie den Grund an. Er wird für alle festgehalten, die später nachsehen.
console-because-long = Das ist zu lang. Kürzen Sie es auf 4.000 Zeichen.
console-turned = In dieser Wiederherstellung ist etwas geschehen, seit Sie diese Seite geöffnet haben. Sehen Sie zuerst in den Verlauf. Was Sie geschrieben haben, steht noch hier; senden Sie es erneut, wenn es noch zutrifft.
console-over = Das lässt sich nicht mehr entscheiden, oder jemand anderes war schneller. So ist der Stand jetzt.
console-back = Zurück zur Wiederherstellung

# The daemon's words.
console-state-proving = Nachweise laufen
console-state-held = In der Wartezeit
console-state-recovered = Wiederhergestellt
console-state-completed = Abgeschlossen
console-state-escalated = Wartet auf jemanden
console-state-denied = Abgelehnt
console-state-vetoed = Vom Inhaber gestoppt
console-state-cancelled = Aufgegeben
console-state-expired = Abgelaufen
console-reason-lost = Verloren
console-reason-stolen = Gestohlen
console-reason-damaged = Beschädigt
console-reason-not-working = Funktioniert nicht
console-reason-out-of-sync = Codes werden abgelehnt
console-step-waiting = Kommt später
console-step-open = Offen
console-step-sent = Unterwegs
console-step-proven = Nachgewiesen
console-step-failed = Fehlgeschlagen
console-factor-password = Passwort
console-factor-email = E-Mail
console-factor-voice = Anruf
console-factor-recovery-code = Wiederherstellungscode
console-factor-totp = Anderes Gerät
console-factor-resync = Zwei Codes des Geräts
console-factor-approval = Zustimmung durch Mitarbeitende
console-factor-pass = Zugangspass
console-factor-contact = Vertrauensperson
console-factor-sms = SMS
console-resolution-pass = Zugangspass
console-resolution-reset = Gerät zurückgesetzt
console-problem-lost-device = Das Gerät ist verloren
console-problem-no-call = Es kommt kein Anruf
console-problem-no-email = Es kommt keine E-Mail
console-problem-wrong-number = Die hinterlegte Telefonnummer ist falsch
console-problem-wrong-email = Die hinterlegte E-Mail-Adresse ist falsch
console-problem-not-me = Jemand anderes versucht, in das Konto zu kommen
console-problem-other = Etwas anderes
console-disposition-sent = Gesendet
console-disposition-entered = Richtige Ziffern eingegeben
console-disposition-busy = Besetzt
console-disposition-no-answer = Niemand hat abgehoben
console-disposition-declined = Anruf abgewiesen
console-disposition-no-input = Keine Taste gedrückt
console-disposition-wrong-digits = Falsche Ziffern
console-disposition-wrong-code = Falscher Code
console-disposition-hung-up = Zu früh aufgelegt
console-disposition-rejected = Vom Netz oder Mailserver abgelehnt
console-disposition-unreachable = Anbieter nicht erreicht
console-disposition-blocked = Durch eine Regel gesperrt
console-disposition-invalid-number = Nummer im Netz unbekannt
console-disposition-invalid-address = Adresse im Mailsystem unbekannt
console-disposition-trunk-auth = Anbieter hat unsere Anmeldung abgelehnt
console-disposition-trunk-forbidden = Anbieter lässt dort keine Anrufe zu
console-disposition-provider-error = Anbieter ausgefallen
console-disposition-media-negotiation = Keine gemeinsame Tonübertragung
console-disposition-dtmf-unsupported = Netz überträgt keine Tastentöne
console-disposition-max-duration = Anruf zu lang
console-disposition-reported = Von der Person am Telefon gemeldet
console-disposition-cancelled = Abgebrochen
console-disposition-interrupted = Durch Neustart unterbrochen
console-disposition-expired = Nicht rechtzeitig beantwortet

# What happened.
console-actor-daemon = Readmit selbst
console-actor-timer = Readmit, als die Zeit kam
console-actor-plugin = Eine Erweiterung, die zustellt
console-event-case-opened = Die Wiederherstellung wurde begonnen.
console-event-plan-set = Die Regeln haben gesagt, was nachzuweisen ist.
console-event-challenge-sent = { $factor }: angefordert.
console-a-message = Eine Nachricht
console-event-delivery-ended = { $factor }: { $disposition }.
console-event-proof-refused = { $factor }: falsche Antwort. Versuche übrig: { $tries_left }.
console-event-factor-proven = { $factor }: nachgewiesen.
console-event-factor-failed = { $factor } fehlgeschlagen: { $disposition }.
console-event-link-opened-elsewhere = Der Link aus der E-Mail wurde in einem anderen Browser geöffnet.
console-event-escalated = An Menschen übergeben: { $to }.
console-event-support-requested = Die Person hat dem Support geschrieben.
console-event-approved = Zugestimmt.
console-event-resolved = Entschieden: { $resolution }.
console-event-denied = Abgelehnt.
console-event-held = Die Wartezeit hat begonnen.
console-event-recovered = Das Konto ist wiederhergestellt.
console-event-sign-in-claimed = Die Person hat sich das eine Mal angemeldet.
console-event-recovery-codes-reissued = Neue Wiederherstellungscodes wurden ausgegeben.
console-event-password-changed = Das Passwort wurde geändert.
console-event-enrollment-began = Ein neues Gerät wird eingerichtet.
console-event-enrollment-refused = Neues Gerät: falsche Codes. Versuche übrig: { $tries_left }.
console-event-device-enrolled = Ein neues Gerät wurde eingerichtet.
console-event-device-gone = Das Gerät war schon entfernt.
console-event-completed = Alles ist erledigt.
console-event-vetoed = Der Inhaber hat gesagt: „Das war ich nicht.“
console-event-cancelled = Die Person hat aufgegeben.
console-event-expired = Die Zeit war abgelaufen.
console-event-policy-failed = Die Regeln sind gescheitert; eingelassen wird dadurch niemand.
console-event-alert = Alarm ausgelöst: { $kind }.
console-fact-device-form = Art des Geräts
console-fact-tasks = Noch zu tun
console-device-virtual = In einer App
console-device-hardware = Ein eigenes Gerät
console-task-sign-in = Einmal anmelden
console-task-change-password = Passwort ändern
console-task-enroll = Neues Gerät einrichten
