# Les étapes d'une récupération. `$hint` est une adresse masquée, `none` s’il n’y en a pas.

case-title = Retrouver l’accès à votre compte
case-account = Compte : { $account }
case-step = Étape { $step } sur { $steps } :
case-done = Fait
case-now = Maintenant
case-later = Plus tard
case-waiting = Tout est en cours de vérification. Cette page continue d’elle-même.
case-choose = Choisissez comment prouver que c’est vous
case-choose-text = Prenez le moyen qui vous convient maintenant.
case-other-ways = Un autre moyen
case-expires = Cette récupération reste ouverte jusqu’au { $time }. Vous pouvez fermer cette page et y revenir dans ce navigateur.
case-cancel = Arrêter cette récupération
case-cancel-text = Rien ne change pour votre compte. Vous pouvez recommencer à tout moment.
case-cancel-button = Oui, arrêter cette récupération
case-start-over = Recommencer
case-check-again = Vérifier à nouveau
case-contact = Pour joindre l’assistance : { $contact }
case-seconds = { $number ->
    [one] { $number } seconde
   *[other] { $number } secondes
}
case-minutes = { $number ->
    [one] { $number } minute
   *[other] { $number } minutes
}
case-hours = { $number ->
    [one] { $number } heure
   *[other] { $number } heures
}
case-tries = { $tries ->
    [one] Il vous reste un essai.
   *[other] Il vous reste { $tries } essais.
}
case-too-soon = C’était trop tôt. Rien n’a été fait. Réessayez après { $time }.
case-too-often = Le nombre d’essais permis pour l’instant est atteint. Rien n’a été fait. Utilisez un autre moyen ou contactez l’assistance.
case-still-good = Si vous avez déjà un code, vous pouvez encore le saisir ici.

# While the page is shown live.
case-away = Le service redémarre. Rien n’est perdu, et cette page continue d’elle-même.
case-back = Le service est de nouveau là.

# Password.
case-title-password = Saisir votre mot de passe
case-open-password = D’abord, le mot de passe avec lequel vous vous connectez.
case-label-password = Mot de passe
case-field-hint-password = Le mot de passe actuel de ce compte.
case-empty-password = Saisissez votre mot de passe.
case-wrong-password = Ce n’est pas le mot de passe de ce compte.
case-button-password = Continuer

# E-mail.
case-title-email = Confirmer par e-mail
case-open-email = { $hint ->
    [none] Nous envoyons un message à votre adresse e-mail enregistrée.
   *[other] Nous envoyons un message à { $hint }, votre adresse e-mail enregistrée.
}
case-sent-email = { $hint ->
    [none] Un message est en route vers votre adresse e-mail enregistrée. Cela peut prendre une ou deux minutes.
   *[other] Un message est en route vers { $hint }. Cela peut prendre une ou deux minutes.
}
case-mail-sender = Il vient de { $sender }.
case-mail-spam = Si vous ne le voyez pas, regardez dans les courriers indésirables.
case-mail-link = Ouvrez son lien dans ce navigateur, et cette page continue d’elle-même. Sur un autre appareil, le lien vous montre un code à saisir ici.
case-label-email = Code reçu dans le message
case-field-hint-email = Six chiffres.
case-empty-email = Saisissez le code reçu dans le message.
case-digits-email = Le code a six chiffres et rien d’autre.
case-wrong-email = Ce n’est pas le code du dernier message.
case-button-email = Confirmer le code
case-start-email = Envoyer le message
case-again-email = Renvoyer le message
case-wait-email = Vous pourrez le faire renvoyer dans { $time }.

# Phone call.
case-title-voice = Confirmer par téléphone
case-open-voice = { $hint ->
    [none] Nous appelons votre numéro de téléphone enregistré. Gardez ce téléphone à portée de main.
   *[other] Nous appelons le { $hint }, votre numéro de téléphone enregistré. Gardez ce téléphone à portée de main.
}
case-sent-voice = Nous vous appelons.
case-call-first = Cette page vous montre six chiffres.
case-call-then = Votre téléphone sonne. Répondez, même si le numéro vous est inconnu.
case-call-last = Ouvrez le clavier du téléphone et tapez les six chiffres.
case-call-never = Nous ne vous lisons jamais de code au téléphone et ne demandons jamais rien d’autre que ces chiffres.
case-start-voice = Appelez-moi maintenant
case-again-voice = Rappelez-moi
case-wait-voice = Nous pourrons vous rappeler dans { $time }.
case-digits = Tapez ces six chiffres sur votre téléphone :
case-digits-hint = Uniquement sur le clavier du téléphone. Ne les dites pas et ne les donnez à personne.
case-phase-calling = Nous vous appelons. Le téléphone peut mettre une demi-minute à sonner.
case-phase-ringing = Votre téléphone sonne. Répondez, même si le numéro vous est inconnu.
case-phase-answered = Vous avez répondu. Ouvrez le clavier et écoutez.
case-phase-prompting = Tapez maintenant les six chiffres sur le clavier de votre téléphone.
case-phase-wrong-digits = { $tries ->
    [0] Ce n’étaient pas les six chiffres.
    [one] Ce n’étaient pas les six chiffres. Tapez-les à nouveau, lentement. Il vous reste un essai.
   *[other] Ce n’étaient pas les six chiffres. Tapez-les à nouveau, lentement. Il vous reste { $tries } essais.
}
case-phase-calling-short = Appel en cours
case-phase-ringing-short = Ça sonne
case-phase-answered-short = Répondu
case-phase-prompting-short = Taper les chiffres
case-no-ring = Mon téléphone ne sonne pas
case-no-call = Si aucun appel n’arrive
case-no-call-number = Le { $hint } est-il toujours votre numéro ? Sinon, l’assistance peut le corriger.
case-no-call-silent = Désactivez le mode silencieux, « Ne pas déranger » et le renvoi d’appel.
case-no-call-signal = Vérifiez que le téléphone a du réseau, ou allez là où il en a.
case-no-call-blocked = Désactivez quelques minutes les applications qui bloquent les appels ou les numéros inconnus.

# Recovery code.
case-title-recovery-code = Saisir un code de récupération
case-open-recovery-code = Utilisez l’un des codes de récupération que vous avez imprimés ou enregistrés. Chacun sert une seule fois.
case-label-recovery-code = Code de récupération
case-field-hint-recovery-code = En majuscules ou minuscules, avec ou sans tirets.
case-empty-recovery-code = Saisissez l’un de vos codes de récupération.
case-wrong-recovery-code = Ce n’est pas l’un de vos codes de récupération inutilisés. Attention aux caractères qui se ressemblent.
case-button-recovery-code = Utiliser ce code

# Another device.
case-title-totp = Saisir un code d’un autre appareil
case-open-totp = Ouvrez l’application d’authentification sur un autre de vos appareils.
case-label-totp = Code affiché maintenant
case-field-hint-totp = Il change toutes les trente secondes.
case-empty-totp = Saisissez le code affiché par votre autre appareil.
case-digits-totp = Le code ne contient que des chiffres, en général six.
case-wrong-totp = Ce n’est pas le code que votre autre appareil affiche maintenant. Attendez le suivant.
case-button-totp = Confirmer le code

# Two codes in a row.
case-title-resync = Saisir deux codes de votre appareil
case-open-resync = L’horloge de votre appareil semble décalée. Deux codes de suite la remettent à l’heure.
case-label-resync = Code affiché maintenant
case-field-hint-resync = Saisissez-le, puis attendez qu’il change.
case-label-resync-next = Le code suivant
case-field-hint-resync-next = Celui qui vient juste après.
case-empty-resync = Saisissez les deux codes, l’un après l’autre.
case-digits-resync = Le code ne contient que des chiffres, en général six.
case-same-resync = Les deux codes sont identiques. Attendez que le code change, puis saisissez le nouveau.
case-wrong-resync = Ce ne sont pas deux codes de suite de votre appareil. Attendez un nouveau code et commencez par celui-là.
case-button-resync = Remettre mon appareil à l’heure

# Approval.
case-title-approval = Confirmation par le personnel
case-open-approval = Un membre du personnel doit confirmer que c’est bien vous. Appelez-le ou allez le voir. Cette page continue d’elle-même dès que c’est fait.

# Access pass.
case-title-pass = Saisir votre passe d’accès
case-open-pass = L’assistance vous a donné un passe d’accès. Il sert une seule fois.
case-label-pass = Passe d’accès
case-field-hint-pass = Tel que l’assistance l’a envoyé, avec ou sans tirets.
case-empty-pass = Saisissez le passe d’accès.
case-wrong-pass = Ce n’est pas votre passe d’accès, ou il est trop ancien.
case-button-pass = Utiliser ce passe

# Recovery contact.
case-title-contact = Demander à votre contact de confiance
case-open-contact = { $hint ->
    [none] Nous envoyons un code à votre contact de confiance enregistré. Il vous le transmet.
   *[other] Nous envoyons un code à { $hint }, votre contact de confiance enregistré. Il vous le transmet.
}
case-sent-contact = { $hint ->
    [none] Votre contact de confiance a reçu un code. Demandez-le-lui, en personne ou de vive voix.
   *[other] Votre contact de confiance { $hint } a reçu un code. Demandez-le-lui, en personne ou de vive voix. S’il ne le voit pas, qu’il regarde dans les courriers indésirables.
}
case-label-contact = Code de votre contact de confiance
case-field-hint-contact = Six chiffres.
case-empty-contact = Saisissez le code que votre contact de confiance vous a donné.
case-digits-contact = Le code a six chiffres et rien d’autre.
case-wrong-contact = Ce n’est pas le dernier code envoyé à votre contact de confiance.
case-button-contact = Confirmer le code
case-start-contact = Envoyer le code à mon contact
case-again-contact = Renvoyer le code
case-wait-contact = Vous pourrez le faire renvoyer dans { $time }.

# Any other channel, such as text messages.
case-title-channel = { $channel ->
    [sms] Confirmer par SMS
   *[other] Confirmer par message ({ $channel })
}
case-open-channel = { $hint ->
    [none] Nous envoyons un code à votre adresse enregistrée.
   *[other] Nous envoyons un code à { $hint }.
}
case-sent-channel = { $hint ->
    [none] Un message avec un code est en route vers votre adresse enregistrée.
   *[other] Un message avec un code est en route vers { $hint }.
}
case-label-channel = Code reçu dans le message
case-field-hint-channel = Six chiffres.
case-empty-channel = Saisissez le code reçu dans le message.
case-digits-channel = Le code a six chiffres et rien d’autre.
case-wrong-channel = Ce n’est pas le code du dernier message.
case-button-channel = Confirmer le code
case-start-channel = Envoyer le code
case-again-channel = Renvoyer le code
case-wait-channel = Vous pourrez le faire renvoyer dans { $time }.

# Why a step did not work, and what to do.
case-why-busy = La ligne était occupée.
case-fix-busy = Terminez tout autre appel sur ce téléphone, puis laissez-nous rappeler.
case-why-no-answer = Le téléphone a sonné, mais personne n’a répondu.
case-fix-no-answer = Gardez le téléphone à portée de main, son activé, puis laissez-nous rappeler.
case-why-declined = L’appel a été refusé sur le téléphone.
case-fix-declined = Laissez-nous rappeler et acceptez l’appel. Le numéro vous est peut-être inconnu.
case-why-no-input = On a répondu à l’appel, mais aucune touche n’a été pressée. C’était peut-être la messagerie.
case-fix-no-input = Laissez-nous rappeler, répondez vous-même, ouvrez le clavier et tapez les six chiffres.
case-why-wrong-digits = Les chiffres tapés sur le téléphone n’étaient pas ceux de cette page.
case-fix-wrong-digits = Laissez-nous rappeler et tapez les six nouveaux chiffres, un par un.
case-why-wrong-code = Le code a été faux trop souvent ; il n’est plus valable.
case-fix-wrong-code = Demandez-en un nouveau et n’utilisez que celui-là.
case-why-wrong-often = C’était faux trop de fois de suite.
case-fix-wrong-often = Vérifiez que vous avez le bon, puis réessayez.
case-why-hung-up = L’appel s’est terminé avant que les six chiffres soient tapés.
case-fix-hung-up = Laissez-nous rappeler et restez en ligne jusqu’à avoir tapé les six.
case-why-rejected = Le réseau téléphonique a refusé l’appel.
case-fix-rejected = Quelque chose bloque peut-être les appels vers ce téléphone. Désactivez-le et laissez-nous rappeler, ou contactez l’assistance.
case-why-unreachable = Nous n’avons pas pu joindre le téléphone à l’instant. Ce n’est pas votre faute.
case-fix-unreachable = Vérifiez que le téléphone est allumé et a du réseau, puis laissez-nous rappeler.
case-why-blocked = Nous ne pouvons pas appeler ce numéro.
case-fix-blocked = Utilisez un autre moyen ou contactez l’assistance.
case-why-invalid-number = Le réseau téléphonique ne connaît pas le numéro enregistré.
case-fix-invalid-number = Contactez l’assistance pour le faire corriger.
case-why-invalid-address = Le système de messagerie ne connaît pas l’adresse enregistrée.
case-fix-invalid-address = Contactez l’assistance pour la faire corriger.
case-why-trunk-auth = Notre opérateur téléphonique a refusé l’appel. Ce n’est pas votre faute.
case-fix-trunk-auth = Réessayez dans quelques minutes. Si cela persiste, contactez l’assistance.
case-why-trunk-forbidden = Notre opérateur téléphonique n’appelle pas ce numéro.
case-fix-trunk-forbidden = Utilisez un autre moyen ou contactez l’assistance.
case-why-provider-error = Notre opérateur téléphonique a eu une panne. Ce n’est pas votre faute.
case-fix-provider-error = Laissez-nous rappeler dans un instant. Si cela persiste, contactez l’assistance.
case-why-media-negotiation = L’appel n’a pas pu être établi avec votre réseau téléphonique.
case-fix-media-negotiation = Laissez-nous rappeler. Si cela persiste, contactez l’assistance.
case-why-dtmf-unsupported = Votre réseau téléphonique ne transmet pas les touches que vous pressez.
case-fix-dtmf-unsupported = Utilisez un autre moyen ou contactez l’assistance.
case-why-max-duration = L’appel a duré trop longtemps.
case-fix-max-duration = Laissez-nous rappeler et tapez les six chiffres dès qu’on vous les demande.
case-why-cancelled = Cela a été interrompu.
case-fix-cancelled = Recommencez quand vous le souhaitez.
case-why-interrupted = Notre service a été interrompu. Ce n’est pas votre faute.
case-fix-interrupted = Recommencez cette étape.
case-why-expired = Le temps prévu pour cet appel est écoulé.
case-fix-expired = Laissez-nous rappeler et tapez les six nouveaux chiffres.
case-why-message-rejected = Le système de messagerie a refusé le message.
case-fix-message-rejected = Un filtre ou une boîte pleine en est peut-être la cause. Faites-le renvoyer, ou contactez l’assistance.
case-why-message-unreachable = Le message n’a pas pu être remis à l’instant. Ce n’est pas votre faute.
case-fix-message-unreachable = Faites-le renvoyer dans un instant. Si cela persiste, contactez l’assistance.
case-why-message-blocked = Nous ne pouvons pas écrire à cette adresse.
case-fix-message-blocked = Utilisez un autre moyen ou contactez l’assistance.
case-why-message-provider-error = Notre prestataire a eu une panne. Ce n’est pas votre faute.
case-fix-message-provider-error = Faites-le renvoyer dans un instant. Si cela persiste, contactez l’assistance.
case-why-message-expired = Le temps prévu pour ce code est écoulé.
case-fix-message-expired = Faites-en envoyer un nouveau et n’utilisez que celui-là.
case-why-unknown = Cela n’a pas fonctionné.
case-fix-unknown = Réessayez ou contactez l’assistance.
case-why-spent = Le nombre d’essais permis pour une récupération est atteint.
case-fix-spent = Utilisez un autre moyen ou contactez l’assistance.

# The way to support.
case-support-voice = Je ne reçois toujours pas l’appel : demander de l’aide à l’assistance
case-support-email = Je ne reçois pas le message : demander de l’aide à l’assistance
case-support-other = Cela ne fonctionne pas pour moi : demander de l’aide à l’assistance
case-support-form = Écrire à l’assistance

# What a case is when nothing is proven in it.
case-held-title = Tout est confirmé : veuillez maintenant patienter
case-held-text = Pour votre sécurité, un délai s’écoule avant que la récupération prenne effet.
case-held-until = Il se termine le { $time }.
case-held-left = C’est dans { $time }.
case-held-told = Nous avons prévenu toutes les adresses enregistrées de cette récupération.
case-held-stop = D’ici là, le titulaire du compte peut l’arrêter avec le lien de ce message. Si cette récupération n’est pas la vôtre, arrêtez-la.
case-held-back = Il est inutile d’attendre ici. Revenez sur cette page dans ce navigateur une fois le délai écoulé.
case-escalated-title = L’assistance doit vous aider
case-escalated-text = Cette récupération ne peut pas continuer d’elle-même. L’assistance voit tout ce que vous avez fait ici et peut vous aider.
case-escalated-live = Cette page continue d’elle-même une fois leur décision prise.
case-administrator-title = Votre administrateur doit vous aider
case-administrator-text = Vous ne pouvez pas réinitialiser vous-même votre appareil. Contactez votre administrateur : il peut désactiver l’appareil pour vous. Ensuite, vous vous connectez et en configurez un nouveau.
case-ticket = Votre numéro de ticket :
case-ticket-next = Quelqu’un vous contactera. Gardez ce numéro : il permet de retrouver votre demande.
case-denied-title = Cette récupération a été refusée
case-denied-text = Ceux qui gèrent le compte en ont décidé ainsi. Si vous pensez que c’est une erreur, contactez l’assistance.
case-vetoed-title = Cette récupération a été arrêtée
case-vetoed-text = Le titulaire du compte a dit que ce n’était pas lui. Si c’était vous, il n’y a rien d’autre à faire. Si le compte est le vôtre et que vous n’avez rien arrêté, contactez l’assistance.
case-cancelled-title = Cette récupération a été annulée
case-cancelled-text = Rien n’a changé pour le compte. Vous pouvez recommencer à tout moment.
case-expired-title = Le temps prévu pour cette récupération est écoulé
case-expired-text = Recommencez ou contactez l’assistance.
case-unknown-title = Votre récupération est en cours
case-unknown-text = Elle est dans un état que cette page ne peut pas montrer. Elle continue d’elle-même ; sinon, contactez l’assistance.
