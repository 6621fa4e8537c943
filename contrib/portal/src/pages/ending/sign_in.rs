//! `/case/claim`, `/case/continue`: the one sign-in, here or at the login that the person came from.

use maud::html;

use super::stand::{Stand, Way};
use super::{Elsewhere, Nothing, codes, done, say_time};
use crate::desk::DeskError;
use crate::desk::views::SignIn;
use crate::limits;
use crate::pages::hand_over::HandOver;
use crate::pages::parts::{self, Tone};
use crate::secret::Secret;
use crate::web::keepsakes::{Keepsake, Token};
use crate::web::{Form, Page, Problem, Visit};

/// Whose sign-in was taken.
struct Taken {
    account: String,
    revoke_sessions: bool,
}

/// Takes the sign-in for the portal itself, or to be done with it.
pub(super) async fn claim(visit: Visit, Form(Nothing {}): Form<Nothing>) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    if matches!(stand.way, Way::There(_)) {
        return Ok(stand.visit.go_to("/case/finish"));
    }
    let taken = done(&stand.visit, take(&stand, None).await?)?;
    let page = match stand.codes() {
        Some(new) => codes::page(&stand, &new),
        None => stand.visit.go_to("/case/finish"),
    };
    if stand.way != Way::Here {
        return Ok(page);
    }
    let sessions = &stand.visit.portal.sessions;
    if taken.revoke_sessions {
        sessions.end_all_of(&taken.account);
    }
    Ok(sessions.sign_in(&stand.visit, &taken.account, page)?)
}

/// Takes the sign-in for the login that the person came from.
pub(super) async fn hand_over(visit: Visit, Form(Nothing {}): Form<Nothing>) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    let Way::There(from) = stand.way.clone() else { return Ok(stand.visit.go_to("/case/finish")) };
    // Who holds the password of a stolen telephone's owner shall not get past this.
    if stand.is_left("change_password") {
        return Ok(stand.visit.go_to("/case/password"));
    }
    done(&stand.visit, take(&stand, Some(&from)).await?)?;
    match stand.codes() {
        Some(new) => Ok(codes::page(&stand, &new)),
        None => page(&stand, &from),
    }
}

/// The way back to the login, for as long as the sign-in is good.
pub(super) async fn show(visit: Visit) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    let Way::There(from) = stand.way.clone() else { return Ok(stand.visit.go_to("/case/finish")) };
    if stand.is_left("sign_in") || stand.codes().is_some() {
        return Ok(stand.visit.go_to("/case/finish"));
    }
    page(&stand, &from)
}

fn page(stand: &Stand, from: &HandOver) -> Result<Page, Elsewhere> {
    let visit = &stand.visit;
    let put_in = [("name", from.name.as_str())];
    let Some(Token { token, good_until }) = stand.token() else {
        let title = visit.say_with("continue-over", &put_in);
        let content = html! {
            h1 { (title) }
            p { (visit.say_with("continue-over-next", &put_in)) }
            p { a class="button primary" href=(from.origin()) { (visit.say_with("continue-visit", &put_in)) } }
            p { a href="/case/summary" { (visit.say("finish-summary")) } }
        };
        return Ok(visit.page(&title, &content));
    };
    let title = visit.say_with("continue-title", &put_in);
    let content = html! {
        h1 { (title) }
        (parts::notice(Tone::Success, &html! { p { (visit.say("continue-recovered")) } }))
        p { (visit.say_with("continue-what", &put_in)) }
        (from.send("token", token.expose(), &visit.say_with("hand-over-continue", &put_in)))
        p class="hint" { (say_time(visit, "continue-until", good_until)) }
        p { a href="/case/summary" { (visit.say("finish-summary")) } }
    };
    Ok(visit.page(&title, &content).forms_go_to(from.origin()))
}

/// Takes the sign-in, and keeps what comes with it before anything else can go wrong: a browser that goes away
/// meanwhile does not stop it.
async fn take(stand: &Stand, for_whom: Option<&HandOver>) -> Result<Result<Taken, DeskError>, Problem> {
    let (visit, case) = (stand.visit.clone(), stand.id.clone());
    let for_whom = for_whom.map(|from| (from.client.clone(), from.nonce.clone()));
    let taking = tokio::spawn(async move {
        let desk = &visit.portal.desk;
        let claimed = match for_whom {
            None => desk.claim(&case).await?,
            Some((client, nonce)) => match desk.claim_for(&case, &client, &nonce).await {
                Err(DeskError::Refused(text)) => {
                    tracing::error!(client, %text, "the daemon does not know this client as an audience");
                    return Err(DeskError::Unavailable(text));
                }
                claimed => claimed?,
            },
        };
        let account = claimed.account.clone().unwrap_or_default();
        let revoke_sessions = claimed.revoke_sessions.unwrap_or_default();
        keep(&visit, &case, claimed);
        Ok(Taken { account, revoke_sessions })
    });
    taking.await.map_err(|_| Problem::Unavailable)
}

fn keep(visit: &Visit, case: &Secret, claimed: SignIn) {
    let keepsakes = &visit.portal.keepsakes;
    if let Some(codes) = claimed.recovery_codes.filter(|codes| !codes.is_empty()) {
        let codes = codes.into_iter().map(Secret::new).collect();
        keepsakes.keep(&visit.browser, case, Keepsake::Codes(codes));
    }
    if let Some(token) = claimed.token {
        let good_until = now().saturating_add(limits::TOKEN_KEPT.as_secs());
        keepsakes.keep(
            &visit.browser,
            case,
            Keepsake::Token(Token { token: Secret::new(token), good_until }),
        );
    }
}

fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}
