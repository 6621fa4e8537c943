# What is around every page, and words that many pages share.

language-name = Deutsch
text-direction = ltr
account-recovery = Kontowiederherstellung
skip-to-content = Zum Inhalt springen
language = Sprache
help-before-contact = Brauchen Sie Hilfe?
title-with-error = Fehler: { $title }
error-summary = Etwas stimmt noch nicht
continue = Weiter
