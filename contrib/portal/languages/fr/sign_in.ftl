# Signing in, and the way from there to a recovery.

sign-in-title = Se connecter
sign-in-password = Mot de passe
sign-in-button = Se connecter
sign-in-account-missing = Saisissez votre nom d’utilisateur ou votre adresse e-mail
sign-in-password-missing = Saisissez votre mot de passe
sign-in-rejected = Le nom d’utilisateur ou le mot de passe est incorrect. Vérifiez les deux et saisissez de nouveau le mot de passe.
sign-in-trouble = Vous n’arrivez pas à vous connecter ?
sign-in-trouble-hint = Si votre téléphone ou votre appareil de sécurité est perdu, volé, abîmé ou ne fonctionne pas, vous pouvez retrouver l’accès à votre compte autrement.
sign-in-back = Retour à la connexion
sign-in-throttled-title = Veuillez patienter avant de réessayer
sign-in-throttled-passwords = Il y a eu trop de tentatives de connexion à ce compte. Pour le protéger, aucun mot de passe n’est accepté pendant un moment, pas même le bon.
sign-in-throttled-codes = Il y a eu trop de tentatives avec des codes pour ce compte. Pour le protéger, aucun code n’est accepté pendant un moment, pas même le bon.
sign-in-throttled-next = Revenez dans 15 minutes et réessayez.
sign-in-throttled-no-wait = Vous n’êtes pas obligé d’attendre
sign-in-throttled-recover = Si l’accès est encore refusé à ce moment-là, ou si vous ne pouvez pas attendre, retrouvez l’accès à votre compte autrement. Les tentatives faites ici ne l’empêchent pas.

landing-title = Retrouver l’accès à votre compte
landing-lead = Si votre téléphone ou votre appareil de sécurité est perdu, volé, abîmé ou ne fonctionne pas, vous pouvez montrer en quelques étapes que c’est bien vous.
landing-have-ready = Cela prend quelques minutes. Préparez ce que vous avez encore : votre mot de passe, votre messagerie, votre téléphone.
landing-begin = Commencer

recovery-under-way = Une récupération est déjà en cours dans ce navigateur.
recovery-go-on = La poursuivre

signed-in-title = Vous êtes connecté
signed-in-account = Compte
sign-out = Se déconnecter

code-title = Saisissez le code de votre appareil
code-lead = Votre mot de passe est correct. Votre application ou votre appareil de sécurité affiche maintenant un code.
code-label = Code à six chiffres
code-hint = Six chiffres. Ils changent toutes les 30 secondes.
code-missing = Saisissez les six chiffres que votre appareil affiche
code-rejected = Ce code est incorrect ou a déjà été utilisé. Attendez le suivant et saisissez-le.
code-after-resync = Votre appareil est de nouveau bien réglé. Attendez qu’il affiche le code suivant et saisissez-le.
code-trouble = Un problème ?
code-trouble-resync = Mon appareil affiche des codes, mais ils sont refusés
code-trouble-resync-hint = Réglez-le avec deux codes à la suite.
code-trouble-recover = Je ne peux pas utiliser mon appareil
code-trouble-recover-hint = Il est perdu, volé, abîmé ou ne fonctionne pas : connectez-vous autrement.
code-other-account = Se connecter avec un autre compte

resync-title = Réglez votre appareil
resync-needed = Votre code correspond, mais l’horloge de votre appareil est décalée. Deux codes à la suite suffisent à la régler.
resync-lead = Cela prend environ une minute. Il vous faut deux codes que votre appareil affiche l’un après l’autre.
resync-first = Premier code
resync-first-hint = Saisissez le code que votre appareil affiche maintenant.
resync-second = Deuxième code
resync-second-hint = Attendez que le code change, puis saisissez le nouveau.
resync-button = Régler mon appareil
resync-first-missing = Saisissez le premier code
resync-second-missing = Saisissez le deuxième code : attendez que votre appareil en affiche un autre
resync-same-code = Les deux codes sont identiques : attendez que votre appareil en affiche un autre
resync-rejected = Ce ne sont pas deux codes consécutifs de cet appareil. Saisissez le code qu’il affiche maintenant, attendez le suivant et saisissez-le aussi.
resync-back = Retour à la connexion avec un seul code
resync-no-help = Cela ne suffit pas ?
