# What the links in messages lead to.

link-title = Bestätigen Sie, dass diese Nachricht bei Ihnen angekommen ist
link-lead = Sie haben einen Link aus einer Nachricht geöffnet, in der es um den Zugang zu Ihrem Konto geht. Drücken Sie den Knopf nur, wenn Sie selbst das angefordert haben.
link-button = Ja, das war ich: weiter
link-not-me = Waren Sie das nicht?
link-not-me-hint = Tun Sie hier nichts. In der Nachricht steht ein zweiter Link, der die Wiederherstellung anhält. Öffnen Sie diesen, und geben Sie nichts aus der Nachricht weiter.

link-code-title = Ihr Code
link-code-lead = Sie haben den Link in einem anderen Browser geöffnet als dem, in dem die Wiederherstellung begonnen wurde. Geben Sie diesen Code dort ein, auf der Seite, die Sie selbst geöffnet haben:
link-code-warning = Sagen Sie diesen Code niemandem
link-code-warning-text = Nicht am Telefon, nicht im Chat, nicht dem Support. Niemand wird Sie danach fragen. Wer danach fragt, will in Ihr Konto. Geben Sie ihn nur auf der Seite ein, die Sie selbst geöffnet haben.
link-code-from = Vergleichen Sie das mit dem, was Sie getan haben
link-code-account = Konto
link-code-client = Die Wiederherstellung wurde begonnen von

link-void-title = Dieser Link gilt nicht mehr
link-void-why = Er wurde schon benutzt, ist abgelaufen oder nicht vollständig. Jeder Link gilt einmal und nur kurze Zeit; eine neuere Nachricht ersetzt die ältere.
link-void-next-here = Gehen Sie zu Ihrer Wiederherstellung zurück. Dort sehen Sie, wie sie steht, und können eine neue Nachricht anfordern.
link-void-next-elsewhere = Gehen Sie in den Browser zurück, in dem Sie die Wiederherstellung begonnen haben. Dort sehen Sie, wie sie steht, und können eine neue Nachricht anfordern. Wenn es die Seite nicht mehr gibt, beginnen Sie von vorn.
link-void-go-back = Zurück zu meiner Wiederherstellung
link-void-start-over = Von vorn beginnen

veto-title = Waren Sie das?
veto-lead = Sie haben eine Nachricht bekommen, dass jemand wieder in Ihr Konto kommen möchte. Sagen Sie hier, ob Sie das waren.
veto-choice = Wer hat das angefordert?
veto-choice-missing = Wählen Sie aus, ob Sie das waren
veto-not-me = Das war ich nicht: anhalten
veto-not-me-hint = Die Wiederherstellung endet sofort. Niemand kommt durch sie in Ihr Konto.
veto-me = Das war ich: weiterlaufen lassen
veto-me-hint = Es wird nichts geändert.
veto-button = Bestätigen
veto-stopped-title = Die Wiederherstellung ist angehalten
veto-stopped-what = Niemand kommt mehr durch sie in Ihr Konto. Ihre Links und Codes gelten nicht mehr, und jede hinterlegte Adresse wird benachrichtigt.
veto-over-title = Diese Wiederherstellung läuft nicht mehr
veto-over-what = Sie wurde schon angehalten, oder sie ist zu Ende, oder dieser Link ist zu alt. Jetzt wurde nichts geändert.
veto-over-support = Wenn Sie sie weder angehalten noch selbst zu Ende geführt haben, wenden Sie sich sofort an den Support: Jemand könnte in Ihr Konto gekommen sein.
veto-unknown-title = Dieser Link ist nicht vollständig
veto-unknown-what = Es wurde nichts angehalten. Öffnen Sie den Link so, wie er in der Nachricht steht, oder kopieren Sie ihn ganz in die Adresszeile. Wenn das nicht hilft, wenden Sie sich an den Support.
veto-left-title = Es wurde nichts geändert
veto-left-what = Die Wiederherstellung läuft weiter. Wenn Sie es sich anders überlegen, öffnen Sie den Link in der Nachricht noch einmal.
veto-what-now = Was Sie jetzt tun sollten
veto-now-password = Ändern Sie das Passwort Ihres Kontos, wenn Sie sich noch anmelden können. Wer das hier begonnen hat, kennt es vielleicht.
veto-now-mailbox = Ändern Sie auch das Passwort Ihres Postfachs, und suchen Sie dort nach Regeln, die nicht von Ihnen stammen, etwa Weiterleitungen.
veto-now-tell-nobody = Sagen Sie niemandem einen Code aus einer Nachricht oder einem Anruf, wer auch immer danach fragt.
veto-now-support = Sagen Sie dem Support, was geschehen ist, damit er auf Ihr Konto achten kann.
