# What is around every page, and words that many pages share.

skip-to-content = Zum Inhalt springen
continue = Weiter
