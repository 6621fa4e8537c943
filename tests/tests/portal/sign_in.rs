//! Signing in with the built-in page, what it leads to when there is trouble, and how a recovery begins.

use readmit_tests::{Answer, PASSWORD, Person, Web, World};

/// What a browser has to remember to be signed in.
const SESSION: &str = "readmit-session";

/// A world with alice in it.
async fn world(config: &str) -> (World, Person) {
    let world = World::builder().portal().config(config).start().await;
    let alice = world.person("alice").await;
    (world, alice)
}

/// Types an account and a password, and sends them.
async fn give(web: &Web, account: &str, password: &str) -> Answer {
    let form = web.get("/").await.form("/sign-in").fill("account", account).fill("password", password);
    web.send(&form).await
}

/// A browser at the prompt for the code.
async fn at_the_prompt(url: &str) -> Web {
    let web = Web::new(url);
    let answer = give(&web, "alice", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.location().as_deref()), (303, Some("/sign-in/code")));
    web
}

async fn give_code(web: &Web, code: &str) -> Answer {
    let form = web.get("/sign-in/code").await.form("/sign-in/code").fill("code", code);
    web.send(&form).await
}

fn links(answer: &Answer) -> Vec<String> {
    let page = answer.page();
    page.one("main")
        .all("a")
        .into_iter()
        .filter_map(|link| link.attribute("href").map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn who_has_password_and_device_is_signed_in_until_they_sign_out() {
    let (world, alice) = world("").await;
    let portal = world.portal("").await;
    let web = at_the_prompt(portal.url()).await;
    assert_eq!(web.get("/").await.page().heading(), "Sign in", "a password alone signs nobody in");
    let code = alice.code(world.now(), 0);
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let answer = give_code(&web, &spaced).await;
    assert_eq!(answer.location().as_deref(), Some("/"));
    let signed_in = web.follow(answer).await.page();
    assert_eq!(signed_in.heading(), "You are signed in");
    assert!(signed_in.text().contains("alice"), "{}", signed_in.text());
    let other = at_the_prompt(portal.url()).await;
    assert_eq!(give_code(&other, &code).await.status, 422, "a code counts once");
    let secret = web.cookie(SESSION).unwrap();
    let out = web.submit(&web.get("/").await.form("/sign-out")).await;
    assert_eq!((out.page().heading(), web.cookie(SESSION)), ("Sign in".to_owned(), None));
    web.put_cookie(SESSION, &secret);
    assert_eq!(web.get("/").await.page().heading(), "Sign in", "what was signed out is gone here, too");
}

/// J1: at the prompt a person says that there is trouble, and gets two ways on.
#[tokio::test]
async fn the_prompt_has_two_ways_on_and_the_account_is_filled_in() {
    let (world, _alice) = world("").await;
    let portal = world.portal("").await;
    let web = at_the_prompt(portal.url()).await;
    let prompt = web.get("/sign-in/code").await;
    assert!(prompt.page().text().contains("Having trouble?"), "{}", prompt.page().text());
    let ways = links(&prompt);
    for way in ["/sign-in/resync", "/recover"] {
        assert!(ways.iter().any(|link| link == way), "{way}: {ways:?}");
    }
    let resync = web.get("/sign-in/resync").await;
    assert_eq!(resync.page().heading(), "Put your device right");
    assert!(links(&resync).contains(&"/recover".to_owned()));
    let recover = web.get("/recover").await;
    assert_eq!(recover.form("/recover").value("account"), Some("alice"));
    let elsewhere = Web::new(portal.url()).get("/recover").await;
    assert_eq!(elsewhere.form("/recover").value("account"), Some(""));
}

/// J15: two codes in a row put a drifting device right, without a recovery.
#[tokio::test]
async fn j15_a_code_of_a_clock_that_is_off_leads_to_putting_the_device_right() {
    let (world, alice) = world("").await;
    let portal = world.portal("").await;
    let web = at_the_prompt(portal.url()).await;
    let answer = give_code(&web, &alice.code(world.now(), 5)).await;
    assert_eq!(answer.location().as_deref(), Some("/sign-in/resync"));
    let page = web.follow(answer).await;
    assert!(page.page().text().contains("the clock of your device is off"), "{}", page.page().text());
    let form = page.form("/sign-in/resync");
    let now = world.now();
    let (first, second) = (alice.code(now, 100), alice.code(now, 101));
    let wrong = [
        ("", "", "Type the first code"),
        (&*first, "", "Type the second code"),
        (&*first, &*first, "Both codes are the same"),
        (&*second, &*first, "not two codes in a row"),
    ];
    for (one, other, told) in wrong {
        let answer = web.send(&form.clone().fill("first", one).fill("second", other)).await;
        let page = answer.page();
        assert_eq!(answer.status, 422);
        assert!(page.title().starts_with("Error: "), "{}", page.title());
        assert!(page.text().contains(told), "{}", page.text());
    }
    let right = form.fill("first", &first).fill("second", &second);
    let answer = web.send(&right).await;
    assert_eq!(answer.location().as_deref(), Some("/sign-in/code"));
    let again = web.send(&right).await;
    assert_eq!(again.location().as_deref(), Some("/sign-in/code"), "sent twice, done once");
    assert!(web.follow(answer).await.page().text().contains("Your device is put right"));
    let answer = give_code(&web, &alice.code(world.now(), 102)).await;
    assert_eq!(web.follow(answer).await.page().heading(), "You are signed in");
}

/// Nobody learns here which accounts there are.
#[tokio::test]
async fn a_wrong_account_looks_like_a_wrong_password() {
    let (world, _alice) = world("[limits]\npasswords_per_account_per_15_minutes = 3\n").await;
    let portal = world.portal("").await;
    let mut told = Vec::new();
    for account in ["alice", "nobody"] {
        let web = Web::new(portal.url());
        let mut answers = Vec::new();
        for _ in 0..4 {
            let answer = give(&web, account, "wrong").await;
            let token = answer.page().all("input").iter().find_map(|input| {
                (input.attribute("name") == Some("form_token"))
                    .then(|| input.attribute("value").unwrap().to_owned())
            });
            let body = answer.body.replace(&token.unwrap(), "TOKEN").replace(account, "ACCOUNT");
            answers.push((answer.status, body));
        }
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    let statuses: Vec<u16> = told[0].iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [422, 422, 422, 429]);
}

#[tokio::test]
async fn who_tried_too_often_is_told_when_to_come_back_and_may_recover_meanwhile() {
    let limits = "[limits]\npasswords_per_account_per_15_minutes = 1\ncodes_per_account_per_15_minutes = 1\n";
    let (world, alice) = world(limits).await;
    let portal = world.portal("").await;
    let web = at_the_prompt(portal.url()).await;
    assert_eq!(give_code(&web, "000000").await.status, 422);
    let codes = give_code(&web, &alice.code(world.now(), 0)).await;
    let passwords = give(&Web::new(portal.url()), "alice", PASSWORD).await;
    for answer in [&codes, &passwords] {
        assert_eq!(answer.status, 429);
        assert!(answer.page().text().contains("15 minutes"), "{}", answer.page().text());
    }
    let recover = web.send(&codes.form("/recover")).await;
    assert_eq!(recover.status, 200);
    let form = recover.form("/recover");
    assert_eq!(form.value("account"), Some("alice"), "typed once is enough");
    let opened = web.send(&form.fill("reason", "lost")).await;
    assert_eq!(opened.location().as_deref(), Some("/case"));
}

#[tokio::test]
async fn what_is_missing_is_said_at_its_field() {
    let (world, _alice) = world("").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let table = [("", "", 2), ("alice", "", 1), ("  ", "x", 1)];
    for (account, password, errors) in table {
        let answer = give(&web, account, password).await;
        let page = answer.page();
        assert_eq!(answer.status, 422);
        assert_eq!(page.by_class("error-summary")[0].all("a").len(), errors, "{account:?} {password:?}");
        let wrong = page.all("input").into_iter().filter(|input| input.attribute("aria-invalid").is_some());
        assert_eq!(wrong.count(), errors, "{account:?} {password:?}");
        assert!(!answer.body.contains("value=\"x\""), "a password is never sent back");
    }
    let web = at_the_prompt(portal.url()).await;
    assert_eq!(give_code(&web, " ").await.status, 422);
}

/// A cookie that somebody else has planted is not what is signed in afterwards, and a stolen form is of no use.
#[tokio::test]
async fn nobody_signs_in_with_what_another_has_planted() {
    let (world, alice) = world("").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    web.put_cookie(SESSION, "planted");
    give(&web, "alice", PASSWORD).await;
    let secret = web.cookie(SESSION).unwrap();
    assert!(secret.len() >= 43 && secret != "planted", "{secret}");
    give_code(&web, &alice.code(world.now(), 0)).await;
    let thief = Web::new(portal.url());
    thief.put_cookie(SESSION, "planted");
    assert_eq!(thief.get("/").await.page().heading(), "Sign in");
    let form = web.get("/").await.form("/sign-out");
    assert_eq!(thief.send(&form).await.status, 403);
    let crossed = web.with("Origin", "https://evil.example").send(&form).await;
    assert_eq!(crossed.status, 403);
    assert_eq!(web.get("/").await.page().heading(), "You are signed in");
}

/// Back, again, and in another tab: whoever is signed in already sees so.
#[tokio::test]
async fn a_code_that_is_sent_twice_signs_in_once() {
    let (world, alice) = world("").await;
    let portal = world.portal("").await;
    let web = at_the_prompt(portal.url()).await;
    let tab = web.clone();
    let form = web.get("/sign-in/code").await.form("/sign-in/code").fill("code", &alice.code(world.now(), 0));
    assert_eq!(web.send(&form).await.location().as_deref(), Some("/"));
    assert_eq!(web.send(&form).await.location().as_deref(), Some("/"));
    for path in ["/sign-in/code", "/sign-in/resync"] {
        assert_eq!(tab.visit(path).await.page().heading(), "You are signed in");
    }
}

#[tokio::test]
async fn the_prompt_is_only_for_who_has_given_a_password() {
    let (world, alice) = world("").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    for path in ["/sign-in/code", "/sign-in/resync"] {
        assert_eq!(web.get(path).await.location().as_deref(), Some("/"));
    }
    let form = at_the_prompt(portal.url()).await.get("/sign-in/code").await.form("/sign-in/code");
    let token = web.get("/").await.form("/sign-in").value("form_token").unwrap().to_owned();
    let code = alice.code(world.now(), 0);
    let answer = web.send(&form.fill("form_token", &token).fill("code", &code)).await;
    assert_eq!((answer.location().as_deref(), web.cookie(SESSION)), (Some("/"), None));
    assert_eq!(world.desk.verify("alice", &code).await, "accepted", "the code was not even looked at");
}

#[tokio::test]
async fn without_the_built_in_page_the_first_page_leads_to_recovery() {
    let (world, _alice) = world("").await;
    let portal = world.portal("[sign_in]\nbuilt_in = false\n").await;
    let web = Web::new(portal.url());
    let first = web.get("/").await;
    assert_eq!(first.page().heading(), "Get back into your account");
    assert!(links(&first).contains(&"/recover".to_owned()));
    let token = web.get("/recover").await.form("/recover").value("form_token").unwrap().to_owned();
    let given = [("form_token", &*token), ("account", "alice"), ("password", PASSWORD)];
    assert_eq!(web.post("/sign-in", &given).await.status, 404);
    assert_eq!(web.get("/sign-in/code").await.location().as_deref(), Some("/"));
}

#[tokio::test]
async fn a_recovery_that_is_under_way_is_offered_and_never_replaced() {
    let (world, _alice) = world("").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let form = web.get("/recover").await.form("/recover").fill("account", "alice").fill("reason", "lost");
    assert_eq!(web.send(&form).await.location().as_deref(), Some("/case"));
    let case = web.cookie("readmit-case").unwrap();
    // From the page itself, and from a tab that was open before.
    let tab = web.clone();
    for answer in [web.get("/recover").await, tab.send(&form.fill("reason", "damaged")).await] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.page().heading(), "A recovery is already under way");
        assert!(links(&answer).contains(&"/case".to_owned()));
        assert_eq!(web.cookie("readmit-case").as_deref(), Some(&*case));
    }
    assert!(links(&web.get("/").await).contains(&"/case".to_owned()), "the first page leads back to it");
    let again = web.get("/recover").await.form("/recover/again");
    assert_eq!(web.submit(&again).await.page().heading(), "Get back into your account");
    assert_eq!(web.cookie("readmit-case"), None);
    assert_eq!(world.desk.case(&case).state().await, "cancelled");
    assert_eq!(web.submit(&again).await.status, 200, "sent twice");
}

#[tokio::test]
async fn too_many_recoveries_lead_to_what_can_be_done() {
    let (world, _alice) = world("[limits]\nopen_per_account_per_hour = 1\n").await;
    let portal = world.portal("support = \"help@example.org\"\n").await;
    for account in ["alice", "nobody"] {
        let open = async || {
            let web = Web::new(portal.url());
            let form = web.get("/recover").await.form("/recover");
            web.send(&form.fill("account", account).fill("reason", "lost")).await
        };
        assert_eq!(open().await.status, 303);
        let answer = open().await;
        assert_eq!(answer.status, 429);
        let page = answer.page();
        assert_eq!(page.heading(), "No further recovery can be begun just now");
        assert!(page.text().contains("come back in an hour") && page.text().contains("help@example.org"));
    }
}

#[tokio::test]
async fn a_recovery_begins_with_an_account_and_a_reason() {
    let (world, _alice) = world("").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let long = "x".repeat(2000);
    for (account, reason, field) in [
        ("", "lost", "account"),
        ("alice", "", "reason"),
        ("alice", "mislaid", "reason"),
        (&long, "lost", "account"),
    ] {
        let form = web.get("/recover").await.form("/recover").fill("account", account).fill("reason", reason);
        let answer = web.send(&form).await;
        assert_eq!(answer.status, 422, "{account:.9} {reason}");
        let page = answer.page();
        let link = page.by_class("error-summary")[0].all("a")[0].attribute("href").unwrap().to_owned();
        assert_eq!(link, format!("#{field}"), "{account:.9} {reason}");
    }
    // What another login hands over is filled in, as text and nothing else.
    let hint = "/recover?login_hint=%22%3E%3Cb%3Ealice";
    let form = web.get(hint).await.form("/recover");
    assert_eq!(form.value("account"), Some("\"><b>alice"));
}
