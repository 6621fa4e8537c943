# Support's own pages.

console-name = Console d’assistance
console-officer = Vous êtes { $officer }
console-to-queue = Toutes les récupérations
console-queue = Récupérations en attente d’une décision
console-refresh = Afficher l’état actuel
console-refreshed = Page mise à jour ; récupérations affichées : { $count }.

# Who is let in.
console-other-user = Cette console est celle de quelqu’un d’autre
console-other-user-next = Elle ne sert que { $user }. Lancez la vôtre : readmit-portal console.
console-other-host = Cette console ne répond pas à ce nom
console-other-host-next = Ouvrez l’adresse qu’elle a affichée. Derrière un proxy, son adresse publique doit être indiquée avec --public-url.
console-no-session = Cette adresse n’est plus valable
console-no-session-next = Elle l’était une seule fois, pendant une minute, et une session prend fin au bout de douze heures. Dans le terminal de { $user }, arrêtez la console (Ctrl-C) et relancez-la : readmit-portal console.

# What the daemon does not do.
console-not-allowed = Vous n’avez pas ce droit
console-not-allowed-why = Il manque à { $officer } le droit { $right }.
console-not-allowed-next = La personne qui administre Readmit peut l’accorder, par un rôle : le groupe readmit-helpdesk, readmit-security ou readmit-admins. C’est toujours quelqu’un d’autre qui décide de votre propre compte.
console-no-case = Cette récupération n’existe pas
console-no-case-next = Elle est peut-être si ancienne qu’elle a été supprimée, ou l’adresse est incomplète.

# The queue.
console-show = Afficher
console-show-escalated = En attente d’une décision
console-show-open = Toutes celles en cours
console-show-proving = Vérifications en cours
console-show-held = Pendant le délai d’attente
console-show-recovered = Compte récupéré, il reste à faire
console-show-completed = Terminées
console-show-denied = Refusées
console-show-vetoed = Arrêtées par le titulaire
console-show-cancelled = Abandonnées
console-show-expired = Expirées
console-show-all = Tout
console-account = Compte (vide : tous)
console-account-wrong = Un compte ne peut pas porter ce nom. Vérifiez-le ou laissez le champ vide.
console-order = Ordre
console-oldest = Les plus anciennes d’abord
console-newest = Les plus récentes d’abord
console-show-them = Afficher celles-ci
console-nothing = Rien n’attend ici.
console-pages = Pages de la liste
console-before = Page précédente
console-after = Page suivante
console-column-account = Compte
console-column-state = État
console-column-reason = Appareil
console-column-opened = Ouverte
console-column-ends = Prend fin d’elle-même
console-column-factor = Étape
console-column-to = À
console-column-last = Dernier résultat
console-column-tries = Essais restants
console-minutes = { $count ->
    [one] (il y a { $count } minute)
   *[other] (il y a { $count } minutes)
}
console-hours = { $count ->
    [one] (il y a { $count } heure)
   *[other] (il y a { $count } heures)
}
console-days = { $count ->
    [one] (il y a { $count } jour)
   *[other] (il y a { $count } jours)
}

# A case.
console-case = Récupération de { $account }
console-case-of = Récupération de
console-with = chez :
console-because = Motif :
console-actions = Ce que vous pouvez faire
console-nothing-to-do = Il n’y a rien à décider pour cette récupération en ce moment.
console-own = Il s’agit de votre propre compte. Personne ne décide de son propre compte : demandez à un collègue.
console-approved-already = Vous avez approuvé cette récupération. Toute autre approbation doit venir d’une autre personne.
console-facts = Ce que l’on sait
console-decoy = Ce compte n’existe pas. Quelqu’un a saisi ce nom ; la récupération n’a l’air vraie que pour cette personne. Elle ne peut qu’être refusée.
console-fact-account = Compte
console-fact-reason = Appareil
console-fact-kind = Type de compte
console-fact-realm = Domaine
console-fact-email = Adresse e-mail enregistrée
console-fact-phone = Numéro de téléphone enregistré
console-fact-device = Nom de l’appareil
console-fact-ticket = Numéro de la demande
console-fact-address = Demandée depuis
console-fact-browser = Avec
console-fact-policy = Version des règles
console-fact-opened = Ouverte
console-fact-held = Délai d’attente jusqu’au
console-fact-ends = Prend fin d’elle-même
console-form = Ce que la personne a écrit
console-form-untrusted = N’importe qui peut avoir écrit ceci. Ne rappelez qu’à un numéro que vous connaissez par ailleurs, jamais à un numéro indiqué ici.
console-field-problem = Problème
console-field-name = Nom complet
console-field-email = Adresse e-mail
console-field-phone = Numéro de téléphone
console-field-account = Compte
console-field-message = Son message
console-plan = Ce qui doit être prouvé
console-no-plan = Les règles n’ont demandé aucune preuve.
console-approvals = Approbations
console-approvals-given = { $given } sur { $needed } données. Chacune doit venir d’une personne différente.
console-you = (vous)
console-history = Ce qui s’est passé, le plus récent d’abord

# Decisions.
console-do-approve = Approuver
console-do-pass = Envoyer le passe d’accès
console-do-reset = Réinitialiser l’appareil
console-do-deny = Refuser la récupération
console-hint-approve = Vous vous portez garant de la personne.
console-hint-pass = Un passe d’accès est envoyé à l’adresse e-mail enregistrée ; la personne continue avec lui.
console-hint-reset = La personne entre tout de suite. Seulement si vous êtes certain de son identité.
console-hint-deny = La récupération prend fin. La personne peut recommencer.
console-ask-approve = Approuver cette récupération ?
console-ask-pass = Envoyer un passe d’accès ?
console-ask-reset = Réinitialiser l’appareil et laisser entrer la personne ?
console-ask-deny = Refuser cette récupération ?
console-does-approve = Votre approbation compte comme une preuve dans cette récupération. N’approuvez que si vous savez par vos propres moyens qui fait la demande, par exemple en rappelant à un numéro que vous connaissez par ailleurs.
console-does-pass = Un passe d’accès est envoyé à l’adresse e-mail enregistrée, jamais à une adresse donnée par la personne. Vous ne le voyez pas. La personne le saisit sur la page qu’elle a ouverte et continue seule.
console-does-reset = Plus rien n’est à prouver : l’appareil est désactivé et la personne peut se connecter une fois. Toutes les adresses enregistrées sont prévenues, et le titulaire peut encore dire « ce n’était pas moi ». Cette décision est définitive.
console-does-deny = La récupération prend fin et toutes les adresses enregistrées sont prévenues. Une connexion qu’elle aurait permise est révoquée. La personne peut recommencer.
console-done-approve = Votre approbation est enregistrée.
console-done-pass = Le passe d’accès est en route vers l’adresse enregistrée. La personne continue avec lui.
console-done-reset = L’appareil est réinitialisé. La personne continue dans son propre navigateur.
console-done-deny = La récupération est refusée.
console-cannot-approve = Le service n’a pas accepté l’approbation. Consultez l’historique ; s’il n’en dit pas la raison, réessayez dans un instant.
console-cannot-pass = Aucun passe d’accès ne peut être envoyé : aucune adresse n’est enregistrée, ou trop de passes ont été essayés dans cette récupération. Faites corriger le compte ou choisissez une autre voie.
console-cannot-reset = Le compte ne peut pas être réinitialisé maintenant. S’il n’existe pas, refusez la récupération.
console-cannot-deny = Le service n’a pas accepté le refus. Réessayez dans un instant.
console-type-account = Pour confirmer, saisissez le nom du compte : { $account }
console-account-differs = Ce n’est pas le nom du compte. Saisissez-le exactement comme il figure au-dessus du champ.
console-because-label = Pourquoi décidez-vous ainsi ?
console-because-hint = Comment vous le savez et ce que vous avez vérifié. Le journal le conserve avec votre nom. 4 000 caractères au plus.
console-because-missing = Indiquez le motif. Le journal le conserve pour ceux qui vérifieront plus tard.
console-because-long = C’est trop long. Réduisez à 4 000 caractères.
console-turned = Il s’est passé quelque chose dans cette récupération depuis que vous avez ouvert cette page. Consultez d’abord l’historique. Votre texte est toujours là ; renvoyez-le s’il reste valable.
console-over = Cette décision n’est plus possible, ou quelqu’un d’autre a été plus rapide. Voici l’état actuel.
console-back = Retour à la récupération

# The daemon's words.
console-state-proving = Vérifications en cours
console-state-held = Pendant le délai d’attente
console-state-recovered = Compte récupéré
console-state-completed = Terminée
console-state-escalated = En attente d’une décision
console-state-denied = Refusée
console-state-vetoed = Arrêtée par le titulaire
console-state-cancelled = Abandonnée
console-state-expired = Expirée
console-reason-lost = Perdu
console-reason-stolen = Volé
console-reason-damaged = Endommagé
console-reason-not-working = Ne fonctionne pas
console-reason-out-of-sync = Codes refusés
console-step-waiting = Plus tard
console-step-open = À faire
console-step-sent = En route
console-step-proven = Prouvée
console-step-failed = Échec
console-factor-password = Mot de passe
console-factor-email = E-mail de vérification
console-factor-voice = Appel téléphonique
console-factor-recovery-code = Code de récupération
console-factor-totp = Autre appareil
console-factor-resync = Deux codes de l’appareil
console-factor-approval = Approbation du personnel
console-factor-pass = Passe d’accès
console-factor-contact = Contact de confiance
console-factor-sms = SMS
console-resolution-pass = passe d’accès
console-resolution-reset = réinitialisation de l’appareil
console-problem-lost-device = L’appareil est perdu
console-problem-no-call = Aucun appel n’arrive
console-problem-no-email = Aucun e-mail n’arrive
console-problem-wrong-number = Le numéro enregistré est faux
console-problem-wrong-email = L’adresse e-mail enregistrée est fausse
console-problem-not-me = Quelqu’un d’autre essaie de récupérer le compte
console-problem-other = Autre chose
console-disposition-sent = Envoyé
console-disposition-entered = Bons chiffres saisis
console-disposition-busy = Occupé
console-disposition-no-answer = Personne n’a répondu
console-disposition-declined = Appel refusé
console-disposition-no-input = Aucune touche pressée
console-disposition-wrong-digits = Mauvais chiffres
console-disposition-wrong-code = Mauvais code
console-disposition-hung-up = Raccroché trop tôt
console-disposition-rejected = Refusé par le réseau ou le serveur de messagerie
console-disposition-unreachable = Fournisseur injoignable
console-disposition-blocked = Bloqué par une règle
console-disposition-invalid-number = Numéro inconnu du réseau
console-disposition-invalid-address = Adresse inconnue de la messagerie
console-disposition-trunk-auth = Le fournisseur a refusé nos identifiants
console-disposition-trunk-forbidden = Le fournisseur n’autorise pas ces appels
console-disposition-provider-error = Panne du fournisseur
console-disposition-media-negotiation = Aucun format audio commun
console-disposition-dtmf-unsupported = Le réseau ne transmet pas les touches
console-disposition-max-duration = Appel trop long
console-disposition-reported = Signalé par la personne au téléphone
console-disposition-cancelled = Annulé
console-disposition-interrupted = Interrompu par un redémarrage
console-disposition-expired = Sans réponse à temps

# What happened.
console-actor-daemon = Readmit lui-même
console-actor-timer = Readmit, le moment venu
console-actor-plugin = Un module d’envoi
console-event-case-opened = La récupération a été ouverte.
console-event-plan-set = Les règles ont dit ce qui doit être prouvé.
console-event-challenge-sent = { $factor } : demandé.
console-a-message = Un message
console-event-delivery-ended = { $factor } : { $disposition }.
console-event-proof-refused = { $factor } : mauvaise réponse. Essais restants : { $tries_left }.
console-event-factor-proven = { $factor } : prouvé.
console-event-factor-failed = { $factor } : échec ({ $disposition }).
console-event-link-opened-elsewhere = Le lien de l’e-mail a été ouvert dans un autre navigateur.
console-event-escalated = Transmise à : { $to }.
console-event-support-requested = La personne a écrit à l’assistance.
console-event-approved = Approuvée.
console-event-resolved = Décision : { $resolution }.
console-event-denied = Refusée.
console-event-held = Le délai d’attente a commencé.
console-event-recovered = Le compte est récupéré.
console-event-sign-in-claimed = La personne a utilisé sa connexion unique.
console-event-recovery-codes-reissued = De nouveaux codes de récupération ont été remis.
console-event-password-changed = Le mot de passe a été changé.
console-event-enrollment-began = Un nouvel appareil est en cours d’installation.
console-event-enrollment-refused = Nouvel appareil : mauvais codes. Essais restants : { $tries_left }.
console-event-device-enrolled = Un nouvel appareil a été installé.
console-event-device-gone = L’appareil avait déjà été retiré.
console-event-completed = Tout est fait.
console-event-vetoed = Le titulaire a dit « ce n’était pas moi ».
console-event-cancelled = La personne a abandonné.
console-event-expired = Le délai était écoulé.
console-event-policy-failed = Les règles ont échoué ; cela ne laisse entrer personne.
console-event-alert = Alerte déclenchée : { $kind }.
console-fact-device-form = Type d’appareil
console-fact-tasks = Reste à faire
console-device-virtual = Dans une application
console-device-hardware = Un appareil dédié
console-task-sign-in = Se connecter une fois
console-task-change-password = Changer le mot de passe
console-task-enroll = Installer un nouvel appareil
