# What is around every page, and words that many pages share.

language-name = Français
text-direction = ltr
account-recovery = Récupération de compte
skip-to-content = Aller au contenu
language = Langue
help-before-contact = Besoin d’aide ?
title-with-error = Erreur : { $title }
error-summary = Un problème est survenu
continue = Continuer
