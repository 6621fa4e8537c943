# Opening a recovery: for which account, and why.

recover-title = Retrouver l’accès à votre compte
recover-lead = Dites-nous deux choses. Nous vous montrons ensuite, étape par étape, comment prouver que c’est bien vous.
recover-begin = Retrouver l’accès à votre compte
recover-account = Nom d’utilisateur ou adresse e-mail
recover-account-hint = Ce que vous utilisez pour vous connecter.
recover-account-missing = Saisissez votre nom d’utilisateur ou votre adresse e-mail
recover-account-malformed = Ceci ne peut pas être un nom d’utilisateur ni une adresse e-mail. Vérifiez votre saisie.
recover-reason = Qu’est-il arrivé à votre appareil ?
recover-reason-missing = Choisissez ce qui est arrivé à votre appareil
reason-lost = Je l’ai perdu
reason-lost-hint = Vous ne savez pas où il est. Quelqu’un pourrait le trouver.
reason-stolen = Il a été volé
reason-stolen-hint = Quelqu’un d’autre l’a.
reason-damaged = Il est abîmé
reason-damaged-hint = Il est cassé ou en réparation.
reason-not-working = Il ne fonctionne pas
reason-not-working-hint = Il ne s’allume pas, ou l’application n’affiche plus de codes.
reason-out-of-sync = Il fonctionne, mais ses codes sont refusés
reason-out-of-sync-hint = Son horloge est peut-être décalée. Le plus souvent, deux codes à la suite suffisent à la régler, et vous gardez l’appareil.
recover-told = Pour protéger votre compte, toutes les adresses enregistrées sont informées d’une récupération.

recover-offer-title = Une récupération est déjà en cours
recover-offer-account = Compte
recover-offer-since = Commencée
recover-offer-again = Recommencer
recover-offer-again-hint = Ce que vous avez fait jusqu’ici sera abandonné. Les liens et les codes des messages précédents ne fonctionneront plus.
recover-offer-again-button = Abandonner et recommencer

recover-too-many-title = Aucune autre récupération ne peut être commencée pour l’instant
recover-too-many-why = Trop de récupérations ont été commencées pour ce compte ou depuis votre connexion. Pour protéger le compte, nous attendons un moment avant la suivante.
recover-too-many-what-now = Ce que vous pouvez faire maintenant
recover-too-many-running = Si vous en avez déjà commencé une, revenez-y : elle continue, dans le navigateur où vous l’avez commencée.
recover-too-many-wait = Sinon, revenez dans une heure et réessayez.
recover-too-many-support = Si vous ne pouvez pas attendre, ou si ce n’est pas vous qui les avez commencées, contactez l’assistance.
recover-too-many-back = Retour à la première page
