# What went wrong, and the way on.

problem-start-over = Recommencer
problem-to-case = Retour à votre récupération
problem-look-again = Vérifier à nouveau
problem-no-page = Cette page n’existe pas
problem-no-page-next = Vérifiez l’adresse ou recommencez.
problem-no-case = Aucune récupération n’est en cours dans ce navigateur
problem-no-case-next = Elle est peut-être terminée, ou a été commencée dans un autre navigateur. Vous pouvez recommencer.
problem-stale = Cette page est restée ouverte trop longtemps
problem-stale-next = Rien n’a changé. Revenez en arrière, rechargez la page et refaites ce que vous avez fait. Les cookies doivent être autorisés.
problem-malformed = Ce formulaire n’a pas été compris
problem-malformed-next = Rien n’a changé. Revenez en arrière et remplissez-le à nouveau.
problem-too-large = C’est plus que ce que le formulaire peut contenir
problem-too-large-next = Rien n’a changé. Revenez en arrière et écrivez moins.
problem-over = Ce n’est plus possible
problem-over-next = C’est déjà fait, ou le temps prévu est écoulé.
problem-too-many = C’était trop souvent en peu de temps
problem-too-many-next = Rien n’a changé. Attendez quelques minutes, puis réessayez.
problem-unavailable = Ce n’est pas possible à l’instant
problem-unavailable-next = Réessayez dans un instant.
problem-away = Le service redémarre
problem-away-next = Ce que vous avez fait jusqu’ici est conservé. Cette page continue d’elle-même dans un instant et montre alors où en sont les choses.
problem-not-let-in = Le service n’est pas entièrement configuré
problem-not-let-in-next = Veuillez prévenir un administrateur : le portail n’a pas accès au bus.
