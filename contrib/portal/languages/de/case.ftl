# Die Schritte einer Wiederherstellung. `$hint` ist eine verdeckte Adresse, `none`, wo es keine gibt.

case-title = Zurück in Ihr Konto
case-account = Konto: { $account }
case-step = Schritt { $step } von { $steps }:
case-done = Erledigt
case-now = Jetzt
case-later = Später
case-waiting = Alles wird geprüft. Diese Seite geht von selbst weiter.
case-choose = Wählen Sie, wie Sie sich ausweisen
case-choose-text = Nehmen Sie den Weg, der für Sie jetzt möglich ist.
case-other-ways = Ein anderer Weg
case-expires = Diese Wiederherstellung ist offen bis { $time }. Sie können die Seite schließen und in diesem Browser wiederkommen.
case-cancel = Diese Wiederherstellung beenden
case-cancel-text = An Ihrem Konto ändert sich nichts. Sie können jederzeit neu beginnen.
case-cancel-button = Ja, Wiederherstellung beenden
case-start-over = Neu beginnen
case-check-again = Erneut nachsehen
case-contact = So erreichen Sie den Support: { $contact }
case-seconds = { $number ->
    [one] { $number } Sekunde
   *[other] { $number } Sekunden
}
case-minutes = { $number ->
    [one] { $number } Minute
   *[other] { $number } Minuten
}
case-hours = { $number ->
    [one] { $number } Stunde
   *[other] { $number } Stunden
}
case-tries = { $tries ->
    [one] Sie haben noch einen Versuch.
   *[other] Sie haben noch { $tries } Versuche.
}
case-too-soon = Das war zu früh. Es wurde nichts getan. Versuchen Sie es nach { $time } noch einmal.
case-too-often = Das wurde so oft versucht, wie es vorerst erlaubt ist. Es wurde nichts getan. Nehmen Sie einen anderen Weg, oder wenden Sie sich an den Support.
case-still-good = Wenn Sie schon einen Code haben, können Sie ihn hier noch eingeben.

# While the page is shown live.
case-away = Der Dienst wird gerade neu gestartet. Nichts ist verloren, und diese Seite geht von selbst weiter.
case-back = Der Dienst ist wieder da.

# Password.
case-title-password = Passwort eingeben
case-open-password = Zuerst das Passwort, mit dem Sie sich anmelden.
case-label-password = Passwort
case-field-hint-password = Das aktuelle Passwort dieses Kontos.
case-empty-password = Geben Sie Ihr Passwort ein.
case-wrong-password = Das ist nicht das Passwort dieses Kontos.
case-button-password = Weiter

# E-mail.
case-title-email = Per E-Mail bestätigen
case-open-email = { $hint ->
    [none] Wir senden eine Nachricht an Ihre hinterlegte E-Mail-Adresse.
   *[other] Wir senden eine Nachricht an { $hint }, Ihre hinterlegte E-Mail-Adresse.
}
case-sent-email = { $hint ->
    [none] Eine Nachricht an Ihre hinterlegte E-Mail-Adresse ist unterwegs. Das kann ein bis zwei Minuten dauern.
   *[other] Eine Nachricht an { $hint } ist unterwegs. Das kann ein bis zwei Minuten dauern.
}
case-mail-sender = Sie kommt von { $sender }.
case-mail-spam = Wenn Sie sie nicht sehen, schauen Sie im Spam- oder Junk-Ordner nach.
case-mail-link = Öffnen Sie den Link darin in diesem Browser, dann geht diese Seite von selbst weiter. Auf einem anderen Gerät zeigt der Link Ihnen einen Code, den Sie hier eingeben.
case-label-email = Code aus der Nachricht
case-field-hint-email = Sechs Ziffern.
case-empty-email = Geben Sie den Code aus der Nachricht ein.
case-digits-email = Der Code besteht nur aus sechs Ziffern.
case-wrong-email = Das ist nicht der Code aus der letzten Nachricht.
case-button-email = Code bestätigen
case-start-email = Nachricht senden
case-again-email = Noch einmal senden
case-wait-email = Noch einmal senden können Sie sie in { $time }.

# Phone call.
case-title-voice = Per Anruf bestätigen
case-open-voice = { $hint ->
    [none] Wir rufen Ihre hinterlegte Telefonnummer an. Halten Sie das Telefon bereit.
   *[other] Wir rufen { $hint } an, Ihre hinterlegte Telefonnummer. Halten Sie das Telefon bereit.
}
case-sent-voice = Wir rufen Sie an.
case-call-first = Diese Seite zeigt Ihnen sechs Ziffern.
case-call-then = Ihr Telefon klingelt. Nehmen Sie ab, auch wenn Sie die Nummer nicht kennen.
case-call-last = Öffnen Sie die Tastatur des Telefons, und tippen Sie die sechs Ziffern.
case-call-never = Wir sagen Ihnen am Telefon nie einen Code und fragen nie nach etwas anderem als diesen Ziffern.
case-start-voice = Rufen Sie mich jetzt an
case-again-voice = Rufen Sie mich noch einmal an
case-wait-voice = Noch einmal anrufen können wir Sie in { $time }.
case-digits = Tippen Sie diese sechs Ziffern auf Ihrem Telefon:
case-digits-hint = Nur auf der Tastatur des Telefons. Sprechen Sie sie nicht aus, und geben Sie sie niemandem.
case-phase-calling = Wir rufen Sie an. Es kann eine halbe Minute dauern, bis das Telefon klingelt.
case-phase-ringing = Ihr Telefon klingelt. Nehmen Sie ab, auch wenn Sie die Nummer nicht kennen.
case-phase-answered = Sie haben abgenommen. Öffnen Sie die Tastatur, und hören Sie zu.
case-phase-prompting = Tippen Sie jetzt die sechs Ziffern auf der Tastatur Ihres Telefons.
case-phase-wrong-digits = { $tries ->
    [0] Das waren nicht die sechs Ziffern.
    [one] Das waren nicht die sechs Ziffern. Tippen Sie sie noch einmal, langsam. Sie haben noch einen Versuch.
   *[other] Das waren nicht die sechs Ziffern. Tippen Sie sie noch einmal, langsam. Sie haben noch { $tries } Versuche.
}
case-phase-calling-short = Wird angerufen
case-phase-ringing-short = Klingelt
case-phase-answered-short = Abgenommen
case-phase-prompting-short = Ziffern tippen
case-no-ring = Mein Telefon klingelt nicht
case-no-call = Wenn kein Anruf kommt
case-no-call-number = Ist { $hint } noch Ihre Nummer? Wenn nicht, kann der Support sie berichtigen.
case-no-call-silent = Schalten Sie Stummschaltung, „Nicht stören“ und Rufumleitung aus.
case-no-call-signal = Achten Sie darauf, dass das Telefon Empfang hat, oder gehen Sie dorthin, wo es Empfang hat.
case-no-call-blocked = Schalten Sie Apps, die Anrufe oder unbekannte Nummern sperren, für ein paar Minuten aus.

# Recovery code.
case-title-recovery-code = Wiederherstellungscode eingeben
case-open-recovery-code = Nehmen Sie einen der Wiederherstellungscodes, die Sie ausgedruckt oder gespeichert haben. Jeder gilt einmal.
case-label-recovery-code = Wiederherstellungscode
case-field-hint-recovery-code = Groß oder klein geschrieben, mit oder ohne Striche.
case-empty-recovery-code = Geben Sie einen Ihrer Wiederherstellungscodes ein.
case-wrong-recovery-code = Das ist keiner Ihrer unbenutzten Wiederherstellungscodes. Achten Sie auf Zeichen, die sich ähneln.
case-button-recovery-code = Diesen Code verwenden

# Another device.
case-title-totp = Code eines anderen Geräts eingeben
case-open-totp = Öffnen Sie den Authenticator auf einem anderen Ihrer Geräte.
case-label-totp = Code, den es jetzt zeigt
case-field-hint-totp = Er wechselt jede halbe Minute.
case-empty-totp = Geben Sie den Code ein, den Ihr anderes Gerät zeigt.
case-digits-totp = Der Code besteht nur aus Ziffern, meist sechs.
case-wrong-totp = Das ist nicht der Code, den Ihr anderes Gerät jetzt zeigt. Warten Sie auf den nächsten.
case-button-totp = Code bestätigen

# Two codes in a row.
case-title-resync = Zwei Codes Ihres Geräts eingeben
case-open-resync = Die Uhr Ihres Geräts geht anscheinend falsch. Zwei Codes nacheinander bringen das in Ordnung.
case-label-resync = Code, den es jetzt zeigt
case-field-hint-resync = Geben Sie ihn ein, und warten Sie, bis er wechselt.
case-label-resync-next = Der nächste Code
case-field-hint-resync-next = Der, der gleich danach kommt.
case-empty-resync = Geben Sie beide Codes ein, einen nach dem anderen.
case-digits-resync = Der Code besteht nur aus Ziffern, meist sechs.
case-same-resync = Beide Codes sind gleich. Warten Sie, bis der Code wechselt, und geben Sie den neuen ein.
case-wrong-resync = Das sind keine zwei aufeinander folgenden Codes Ihres Geräts. Warten Sie auf einen neuen Code, und beginnen Sie mit diesem.
case-button-resync = Mein Gerät in Ordnung bringen

# Approval.
case-title-approval = Bestätigung durch das Personal
case-open-approval = Eine Mitarbeiterin oder ein Mitarbeiter muss bestätigen, dass Sie es sind. Rufen Sie dort an, oder gehen Sie hin. Diese Seite geht von selbst weiter, sobald das geschehen ist.

# Access pass.
case-title-pass = Zugangspass eingeben
case-open-pass = Der Support hat Ihnen einen Zugangspass gegeben. Er gilt einmal.
case-label-pass = Zugangspass
case-field-hint-pass = Wie der Support ihn gesendet hat, mit oder ohne Striche.
case-empty-pass = Geben Sie den Zugangspass ein.
case-wrong-pass = Das ist nicht Ihr Zugangspass, oder er ist zu alt.
case-button-pass = Diesen Pass verwenden

# Recovery contact.
case-title-contact = Ihre Vertrauensperson fragen
case-open-contact = { $hint ->
    [none] Wir senden einen Code an Ihre hinterlegte Vertrauensperson. Sie gibt ihn an Sie weiter.
   *[other] Wir senden einen Code an { $hint }, Ihre hinterlegte Vertrauensperson. Sie gibt ihn an Sie weiter.
}
case-sent-contact = { $hint ->
    [none] Ihre Vertrauensperson hat einen Code bekommen. Fragen Sie sie danach, persönlich oder am Telefon.
   *[other] Ihre Vertrauensperson { $hint } hat einen Code bekommen. Fragen Sie sie danach, persönlich oder am Telefon. Wenn sie ihn nicht sieht, soll sie im Spam-Ordner nachschauen.
}
case-label-contact = Code von Ihrer Vertrauensperson
case-field-hint-contact = Sechs Ziffern.
case-empty-contact = Geben Sie den Code ein, den Ihre Vertrauensperson Ihnen gegeben hat.
case-digits-contact = Der Code besteht nur aus sechs Ziffern.
case-wrong-contact = Das ist nicht der Code, den Ihre Vertrauensperson zuletzt bekommen hat.
case-button-contact = Code bestätigen
case-start-contact = Code an meine Vertrauensperson senden
case-again-contact = Noch einmal senden
case-wait-contact = Noch einmal senden können Sie ihn in { $time }.

# Any other channel, such as text messages.
case-title-channel = { $channel ->
    [sms] Per SMS bestätigen
   *[other] Per Nachricht bestätigen ({ $channel })
}
case-open-channel = { $hint ->
    [none] Wir senden einen Code an Ihre hinterlegte Adresse.
   *[other] Wir senden einen Code an { $hint }.
}
case-sent-channel = { $hint ->
    [none] Eine Nachricht mit einem Code an Ihre hinterlegte Adresse ist unterwegs.
   *[other] Eine Nachricht mit einem Code an { $hint } ist unterwegs.
}
case-label-channel = Code aus der Nachricht
case-field-hint-channel = Sechs Ziffern.
case-empty-channel = Geben Sie den Code aus der Nachricht ein.
case-digits-channel = Der Code besteht nur aus sechs Ziffern.
case-wrong-channel = Das ist nicht der Code aus der letzten Nachricht.
case-button-channel = Code bestätigen
case-start-channel = Code senden
case-again-channel = Noch einmal senden
case-wait-channel = Noch einmal senden können Sie ihn in { $time }.

# Why a step did not work, and what to do.
case-why-busy = Die Leitung war besetzt.
case-fix-busy = Beenden Sie andere Gespräche auf diesem Telefon, und lassen Sie uns noch einmal anrufen.
case-why-no-answer = Das Telefon hat geklingelt, aber niemand hat abgenommen.
case-fix-no-answer = Halten Sie das Telefon mit eingeschaltetem Ton bereit, und lassen Sie uns noch einmal anrufen.
case-why-declined = Der Anruf wurde am Telefon abgelehnt.
case-fix-declined = Lassen Sie uns noch einmal anrufen, und nehmen Sie den Anruf an. Die Nummer ist Ihnen vielleicht unbekannt.
case-why-no-input = Der Anruf wurde angenommen, aber es wurde keine Taste gedrückt. Vielleicht ging er an den Anrufbeantworter.
case-fix-no-input = Lassen Sie uns noch einmal anrufen, nehmen Sie selbst ab, öffnen Sie die Tastatur, und tippen Sie die sechs Ziffern.
case-why-wrong-digits = Die Ziffern am Telefon waren nicht die auf dieser Seite.
case-fix-wrong-digits = Lassen Sie uns noch einmal anrufen, und tippen Sie die neuen sechs Ziffern, eine nach der anderen.
case-why-wrong-code = Der Code war zu oft falsch und gilt nicht mehr.
case-fix-wrong-code = Lassen Sie sich einen neuen geben, und verwenden Sie nur diesen.
case-why-wrong-often = Das war zu oft hintereinander falsch.
case-fix-wrong-often = Vergewissern Sie sich, dass Sie das Richtige haben, und versuchen Sie es noch einmal.
case-why-hung-up = Der Anruf endete, bevor alle sechs Ziffern getippt waren.
case-fix-hung-up = Lassen Sie uns noch einmal anrufen, und bleiben Sie am Telefon, bis Sie alle sechs getippt haben.
case-why-rejected = Das Telefonnetz hat den Anruf abgewiesen.
case-fix-rejected = Vielleicht sperrt etwas Anrufe an dieses Telefon. Schalten Sie es aus, und lassen Sie uns noch einmal anrufen, oder wenden Sie sich an den Support.
case-why-unreachable = Wir konnten das Telefon gerade nicht erreichen. Das liegt nicht an Ihnen.
case-fix-unreachable = Achten Sie darauf, dass das Telefon an ist und Empfang hat, und lassen Sie uns noch einmal anrufen.
case-why-blocked = Diese Nummer können wir nicht anrufen.
case-fix-blocked = Nehmen Sie einen anderen Weg, oder wenden Sie sich an den Support.
case-why-invalid-number = Das Telefonnetz kennt die hinterlegte Nummer nicht.
case-fix-invalid-number = Wenden Sie sich an den Support, um sie berichtigen zu lassen.
case-why-invalid-address = Das Mailsystem kennt die hinterlegte Adresse nicht.
case-fix-invalid-address = Wenden Sie sich an den Support, um sie berichtigen zu lassen.
case-why-trunk-auth = Unser Telefonanbieter hat den Anruf abgewiesen. Das liegt nicht an Ihnen.
case-fix-trunk-auth = Versuchen Sie es in ein paar Minuten noch einmal. Wenn es so bleibt, wenden Sie sich an den Support.
case-why-trunk-forbidden = Unser Telefonanbieter ruft diese Nummer nicht an.
case-fix-trunk-forbidden = Nehmen Sie einen anderen Weg, oder wenden Sie sich an den Support.
case-why-provider-error = Unser Telefonanbieter hatte eine Störung. Das liegt nicht an Ihnen.
case-fix-provider-error = Lassen Sie uns gleich noch einmal anrufen. Wenn es so bleibt, wenden Sie sich an den Support.
case-why-media-negotiation = Der Anruf kam mit Ihrem Telefonnetz nicht zustande.
case-fix-media-negotiation = Lassen Sie uns noch einmal anrufen. Wenn es so bleibt, wenden Sie sich an den Support.
case-why-dtmf-unsupported = Ihr Telefonnetz überträgt die Tasten nicht, die Sie drücken.
case-fix-dtmf-unsupported = Nehmen Sie einen anderen Weg, oder wenden Sie sich an den Support.
case-why-max-duration = Der Anruf hat zu lange gedauert.
case-fix-max-duration = Lassen Sie uns noch einmal anrufen, und tippen Sie die sechs Ziffern, sobald Sie darum gebeten werden.
case-why-cancelled = Das wurde abgebrochen.
case-fix-cancelled = Beginnen Sie diesen Schritt noch einmal, wenn Sie bereit sind.
case-why-interrupted = Unser Dienst wurde unterbrochen. Das liegt nicht an Ihnen.
case-fix-interrupted = Beginnen Sie diesen Schritt noch einmal.
case-why-expired = Die Zeit für diesen Anruf ist vorbei.
case-fix-expired = Lassen Sie uns noch einmal anrufen, und tippen Sie die neuen sechs Ziffern.
case-why-message-rejected = Das Mailsystem hat die Nachricht abgewiesen.
case-fix-message-rejected = Vielleicht liegt es an einem Filter oder an einem vollen Postfach. Lassen Sie sie noch einmal senden, oder wenden Sie sich an den Support.
case-why-message-unreachable = Die Nachricht konnte gerade nicht zugestellt werden. Das liegt nicht an Ihnen.
case-fix-message-unreachable = Lassen Sie sie gleich noch einmal senden. Wenn es so bleibt, wenden Sie sich an den Support.
case-why-message-blocked = An diese Adresse können wir nicht senden.
case-fix-message-blocked = Nehmen Sie einen anderen Weg, oder wenden Sie sich an den Support.
case-why-message-provider-error = Unser Anbieter hatte eine Störung. Das liegt nicht an Ihnen.
case-fix-message-provider-error = Lassen Sie sie gleich noch einmal senden. Wenn es so bleibt, wenden Sie sich an den Support.
case-why-message-expired = Die Zeit für diesen Code ist vorbei.
case-fix-message-expired = Lassen Sie sich einen neuen senden, und verwenden Sie nur diesen.
case-why-unknown = Das hat nicht geklappt.
case-fix-unknown = Versuchen Sie es noch einmal, oder wenden Sie sich an den Support.
case-why-spent = Das wurde so oft versucht, wie eine Wiederherstellung es erlaubt.
case-fix-spent = Nehmen Sie einen anderen Weg, oder wenden Sie sich an den Support.

# The way to support.
case-support-voice = Ich bekomme den Anruf immer noch nicht: Hilfe vom Support
case-support-email = Ich bekomme die Nachricht nicht: Hilfe vom Support
case-support-other = So komme ich nicht weiter: Hilfe vom Support
case-support-form = Dem Support schreiben

# What a case is when nothing is proven in it.
case-held-title = Alles ist bestätigt: bitte warten Sie jetzt
case-held-text = Zu Ihrer Sicherheit gibt es eine Wartezeit, bevor die Wiederherstellung wirksam wird.
case-held-until = Sie endet am { $time }.
case-held-left = Das ist in { $time }.
case-held-told = Wir haben alle hinterlegten Adressen über diese Wiederherstellung informiert.
case-held-stop = Bis dahin kann die Person, der das Konto gehört, sie mit dem Link in dieser Nachricht aufhalten. Wenn diese Wiederherstellung nicht von Ihnen ist, halten Sie sie auf.
case-held-back = Sie müssen hier nicht warten. Kommen Sie in diesem Browser auf diese Seite zurück, wenn die Zeit vorbei ist.
case-escalated-title = Hier muss Ihnen der Support helfen
case-escalated-text = Diese Wiederherstellung kann nicht von selbst weitergehen. Der Support sieht alles, was Sie hier getan haben, und kann Ihnen helfen.
case-escalated-live = Diese Seite geht von selbst weiter, wenn dort entschieden ist.
case-administrator-title = Hier muss Ihnen die Administration helfen
case-administrator-text = Sie können Ihr Gerät nicht selbst zurücksetzen. Wenden Sie sich an Ihre Administration: Sie kann das Gerät für Sie deaktivieren. Danach melden Sie sich an und richten ein neues ein.
case-ticket = Ihre Ticketnummer:
case-ticket-next = Jemand meldet sich bei Ihnen. Behalten Sie die Nummer: Daran wird Ihre Anfrage erkannt.
case-denied-title = Diese Wiederherstellung wurde abgelehnt
case-denied-text = So haben die entschieden, die sich um das Konto kümmern. Wenn Sie meinen, dass das falsch ist, wenden Sie sich an den Support.
case-vetoed-title = Diese Wiederherstellung wurde aufgehalten
case-vetoed-text = Die Person, der das Konto gehört, hat gesagt, dass sie es nicht war. Wenn Sie das waren, müssen Sie nichts weiter tun. Wenn das Konto Ihnen gehört und Sie nichts aufgehalten haben, wenden Sie sich an den Support.
case-cancelled-title = Diese Wiederherstellung wurde beendet
case-cancelled-text = Am Konto hat sich nichts geändert. Sie können jederzeit neu beginnen.
case-expired-title = Die Zeit für diese Wiederherstellung ist vorbei
case-expired-text = Beginnen Sie neu, oder wenden Sie sich an den Support.
case-unknown-title = Ihre Wiederherstellung läuft
case-unknown-text = Sie ist in einem Zustand, den diese Seite nicht zeigen kann. Sie geht von selbst weiter; wenn nicht, wenden Sie sich an den Support.
