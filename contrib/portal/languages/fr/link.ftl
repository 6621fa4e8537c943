# What the links in messages lead to.

link-title = Confirmez que ce message vous est bien parvenu
link-lead = Vous avez ouvert un lien d’un message au sujet de l’accès à votre compte. N’appuyez sur le bouton que si c’est vous qui l’avez demandé.
link-button = Oui, c’était moi : continuer
link-not-me = Ce n’était pas vous ?
link-not-me-hint = Ne faites rien ici. Le message contient un second lien, qui arrête la récupération. Ouvrez celui-là, et ne transmettez à personne ce que contient le message.

link-code-title = Votre code
link-code-lead = Vous avez ouvert le lien dans un autre navigateur que celui où la récupération a été commencée. Saisissez ce code là-bas, sur la page que vous avez ouverte vous-même :
link-code-warning = Ne dites ce code à personne
link-code-warning-text = Ni au téléphone, ni dans une conversation en ligne, ni à l’assistance. Personne ne vous le demandera. Quiconque vous le demande veut entrer dans votre compte. Saisissez-le uniquement sur la page que vous avez ouverte vous-même.
link-code-from = Comparez avec ce que vous avez fait
link-code-account = Compte
link-code-client = La récupération a été commencée depuis

link-void-title = Ce lien ne fonctionne plus
link-void-why = Il a déjà été utilisé, a expiré ou n’est pas complet. Chaque lien ne sert qu’une fois et pendant peu de temps ; un message plus récent remplace le précédent.
link-void-next-here = Revenez à votre récupération. Vous y voyez où elle en est et pouvez demander un nouveau message.
link-void-next-elsewhere = Revenez au navigateur dans lequel vous avez commencé la récupération. Vous y voyez où elle en est et pouvez demander un nouveau message. Si cette page n’existe plus, recommencez.
link-void-go-back = Revenir à ma récupération
link-void-start-over = Recommencer

veto-title = Était-ce vous ?
veto-lead = Vous avez reçu un message indiquant que quelqu’un a demandé à retrouver l’accès à votre compte. Dites ici si c’était vous.
veto-choice = Qui l’a demandé ?
veto-choice-missing = Choisissez si c’était vous
veto-not-me = Ce n’était pas moi : arrêter
veto-not-me-hint = La récupération prend fin aussitôt. Personne n’entre dans votre compte par ce moyen.
veto-me = C’était moi : laisser continuer
veto-me-hint = Rien n’est changé.
veto-button = Confirmer
veto-stopped-title = La récupération est arrêtée
veto-stopped-what = Plus personne n’entre dans votre compte par ce moyen. Ses liens et ses codes ne fonctionnent plus, et toutes les adresses enregistrées en sont informées.
veto-over-title = Cette récupération n’est plus en cours
veto-over-what = Elle a déjà été arrêtée, ou elle est arrivée à son terme, ou ce lien est trop ancien. Rien n’a été changé maintenant.
veto-over-support = Si vous ne l’avez ni arrêtée ni menée à bien vous-même, contactez l’assistance sans attendre : quelqu’un est peut-être entré dans votre compte.
veto-unknown-title = Ce lien n’est pas complet
veto-unknown-what = Rien n’a été arrêté. Ouvrez le lien tel qu’il est dans le message, ou copiez-le en entier dans la barre d’adresse. Si cela ne fonctionne pas, contactez l’assistance.
veto-left-title = Rien n’a été changé
veto-left-what = La récupération continue. Si vous changez d’avis, ouvrez de nouveau le lien du message.
veto-what-now = Que faire maintenant
veto-now-password = Changez le mot de passe de votre compte, si vous pouvez encore vous connecter. La personne qui a commencé ceci le connaît peut-être.
veto-now-mailbox = Changez aussi le mot de passe de votre messagerie, et cherchez-y des règles que vous n’avez pas créées, comme un transfert.
veto-now-tell-nobody = Ne dites à personne un code reçu par message ou par appel, quelle que soit la personne qui le demande.
veto-now-support = Dites à l’assistance ce qui s’est passé, pour qu’elle veille sur votre compte.
