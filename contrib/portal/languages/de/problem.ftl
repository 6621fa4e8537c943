# What went wrong, and the way on.

problem-start-over = Neu beginnen
problem-to-case = Zurück zu Ihrer Wiederherstellung
problem-look-again = Erneut nachsehen
problem-no-page = Diese Seite gibt es nicht
problem-no-page-next = Prüfen Sie die Adresse, oder beginnen Sie neu.
problem-no-case = In diesem Browser läuft keine Wiederherstellung
problem-no-case-next = Vielleicht ist sie abgeschlossen, oder sie wurde in einem anderen Browser begonnen. Sie können neu beginnen.
problem-stale = Diese Seite war zu lange offen
problem-stale-next = Es wurde nichts geändert. Gehen Sie zurück, laden Sie die Seite neu, und wiederholen Sie, was Sie getan haben. Cookies müssen erlaubt sein.
problem-malformed = Dieses Formular wurde nicht verstanden
problem-malformed-next = Es wurde nichts geändert. Gehen Sie zurück, und füllen Sie es noch einmal aus.
problem-too-large = Das ist mehr, als das Formular aufnehmen kann
problem-too-large-next = Es wurde nichts geändert. Gehen Sie zurück, und schreiben Sie weniger.
problem-over = Das geht nicht mehr
problem-over-next = Es ist schon geschehen, oder die Zeit dafür ist vorbei.
problem-too-many = Das war zu oft in kurzer Zeit
problem-too-many-next = Es wurde nichts geändert. Warten Sie ein paar Minuten, und versuchen Sie es noch einmal.
problem-unavailable = Das geht gerade nicht
problem-unavailable-next = Versuchen Sie es gleich noch einmal.
problem-away = Der Dienst wird gerade neu gestartet
problem-away-next = Was Sie bisher getan haben, bleibt erhalten. Diese Seite geht gleich von selbst weiter und zeigt dann, wie es steht.
problem-not-let-in = Der Dienst ist nicht vollständig eingerichtet
problem-not-let-in-next = Bitte sagen Sie es der Administration: Das Portal wird nicht auf den Bus gelassen.
