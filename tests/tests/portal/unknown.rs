//! An account that does not exist looks like one that does, page by page.

use readmit_tests::{Answer, Web, World};

/// Both accounts, and a client of each that has begun a recovery.
const ACCOUNTS: [&str; 2] = ["alice", "aline"];

/// What a page shows, without what differs between any two recoveries.
fn masked(answer: &Answer) -> String {
    let mut text = answer.body.replace(ACCOUNTS[1], ACCOUNTS[0]);
    for (before, after) in [
        ("name=\"form_token\" value=\"", "\""),
        ("/case/events?seen=", "\""),
        ("<time datetime=\"", "</time>"),
        ("data-until=\"", "</span>"),
        ("data-now=\"", "\""),
        // What the script knows a part by: it follows from all that is in it, times too.
        ("data-live=\"", "\""),
        ("class=\"short-code\">", "<"),
        // One of the two may ask in the next second.
        ("Try again after ", " UTC"),
    ] {
        let mut parts = text.split(before);
        let mut whole = parts.next().unwrap().to_owned();
        for part in parts {
            let rest = part.split_once(after).map_or("", |(_, rest)| rest);
            whole += &format!("{before}…{after}{rest}");
        }
        text = whole;
    }
    format!("{} {} {}\n{text}", answer.path, answer.status, answer.headers.len())
}

/// Does the same with both, and compares what both see.
async fn same(clients: &[Web; 2], what: &str, act: impl AsyncFn(&Web, &str) -> Answer) {
    let known = act(&clients[0], ACCOUNTS[0]).await;
    let unknown = act(&clients[1], ACCOUNTS[1]).await;
    let (known, unknown) = (masked(&known), masked(&unknown));
    let differs = known.chars().zip(unknown.chars()).take_while(|(a, b)| a == b).count().saturating_sub(80);
    let near = |text: &str| text.chars().skip(differs).take(240).collect::<String>();
    assert!(known == unknown, "{what} differs:\n{}\n{}", near(&known), near(&unknown));
}

#[tokio::test]
async fn an_unknown_account_looks_like_a_known_one_page_by_page() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("").await;
    let clients = [Web::new(portal.url()), Web::new(portal.url())];
    same(&clients, "a wrong password at sign-in", async |web, account| {
        let form = web.get("/").await.form("/sign-in");
        web.send(&form.fill("account", account).fill("password", "wrong")).await
    })
    .await;
    same(&clients, "a new recovery", async |web, account| {
        let form = web.get("/recover").await.form("/recover").fill("account", account).fill("reason", "lost");
        web.submit(&form).await
    })
    .await;
    for attempt in 1..=6 {
        same(&clients, &format!("wrong password {attempt}"), async |web, _| {
            let page = web.get("/case").await;
            match page.page().form("/case/submit/password") {
                Some(form) => web.submit(&form.fill("proof", "wrong")).await,
                None => page,
            }
        })
        .await;
    }
    same(&clients, "the page afterwards", async |web, _| web.visit("/case").await).await;
    same(&clients, "a step that is not open", async |web, _| {
        let token = web.get("/").await.form("/sign-in").value("form_token").unwrap().to_owned();
        web.post("/case/start/email", &[("form_token", &token)]).await
    })
    .await;
    same(&clients, "the form for support", async |web, _| web.get("/case/support").await).await;
    same(&clients, "the ending", async |web, _| web.visit("/case/finish").await).await;
    same(&clients, "a new start", async |web, _| web.get("/recover").await).await;
}
