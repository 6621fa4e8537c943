//! Bad input: each gets its own clear error and changes nothing.

use readmit_recovery::facts::Client;
use readmit_recovery::secret::Secret;
use readmit_store::Store;
use readmitd::service::{AccountProperties, DeviceProperties, Fault, OpenContext};

use crate::house::{ADMIN, ALICE, House, PASSWORD, by, officer};

fn is_invalid<T: std::fmt::Debug>(result: Result<T, Fault>, says: &str) {
    match result {
        Err(Fault::InvalidArgument(text)) => assert!(text.contains(says), "`{text}` does not say `{says}`"),
        other => panic!("{says}: {other:?}"),
    }
}

fn is_not_found<T: std::fmt::Debug>(result: Result<T, Fault>, says: &str) {
    match result {
        Err(Fault::NotFound(text)) => assert!(text.contains(says), "`{text}` does not say `{says}`"),
        other => panic!("{says}: {other:?}"),
    }
}

fn is_wrong_state<T: std::fmt::Debug>(result: Result<T, Fault>, says: &str) {
    match result {
        Err(Fault::WrongState(text)) => assert!(text.contains(says), "`{text}` does not say `{says}`"),
        other => panic!("{says}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_opening() {
    type Change = fn(&mut OpenContext, String);
    let house = House::quiet().await;
    let service = &house.service;
    let none = OpenContext::default;
    is_invalid(service.open("", "lost", none(), "x").await, "");
    is_invalid(service.open(&"x".repeat(257), "lost", none(), "x").await, "");
    is_invalid(service.open("a\nb", "lost", none(), "x").await, "");
    is_invalid(service.open(ALICE, "bored", none(), "x").await, "lost");
    let long = |change: Change| {
        let mut context = none();
        change(&mut context, "x".repeat(1025));
        context
    };
    let table: [(&str, Change); 4] = [
        ("`address`", |context, text| context.client.address = Some(text)),
        ("`user_agent`", |context, text| context.client.user_agent = Some(text)),
        ("`locale`", |context, text| context.client.locale = Some(text)),
        ("`browser`", |context, text| context.browser = Some(Secret::new(text))),
    ];
    for (key, change) in table {
        is_invalid(service.open(ALICE, "lost", long(change), "x").await, key);
    }
    assert_eq!(house.store.counts().await.expect("read").cases, 0);
    let at_most =
        Client { address: Some("x".repeat(256)), user_agent: Some("x".repeat(1024)), ..Client::default() };
    service.open(ALICE, "lost", OpenContext { client: at_most, ..none() }, "x").await.expect("at the limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_proof() {
    let house = House::quiet().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    let rows = house.journal().await.len();
    for id in ["", "nonsense", "case-00000000000000000000000000000000", &"x".repeat(5000)] {
        is_not_found(house.submit(id, "password", PASSWORD).await, "start over");
        is_not_found(house.service.start(id, "email", "x").await, "start over");
        is_not_found(house.service.show(id).await, "start over");
        is_not_found(house.service.claim(id, "x").await, "start over");
        is_not_found(house.service.cancel(id, "x").await, "start over");
        is_not_found(house.service.change_password(id, Secret::new("x"), "x").await, "start over");
        is_not_found(house.service.begin_enrollment(id, "x", "x").await, "start over");
    }
    is_invalid(house.submit(&case, "Password", PASSWORD).await, "");
    is_invalid(house.submit(&case, &"x".repeat(100), "x").await, "");
    is_invalid(house.submit(&case, "recovery_code", "x").await, "does not ask for");
    is_invalid(house.service.submit(&case, "password", Vec::new(), "x").await, "give one proof");
    is_invalid(house.submit(&case, "password", &"x".repeat(1025)).await, "1,024 bytes");
    is_wrong_state(house.submit(&case, "email", "123456").await, "finish the step before it first");
    is_invalid(house.service.start(&case, "password", "x").await, "needs no message");
    is_wrong_state(house.service.claim(&case, "x").await, "proving");
    is_wrong_state(
        house.service.change_password(&case, Secret::new("long enough for me"), "x").await,
        "proving",
    );
    is_wrong_state(house.service.begin_enrollment(&case, "new", "x").await, "proving");
    let form = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
    is_invalid(house.service.escalate(&case, &form("problem", "bored"), "x").await, "choose a problem");
    is_invalid(house.service.escalate(&case, &form("name", "x"), "x").await, "choose a problem");
    assert_eq!(house.journal().await.len(), rows, "nothing has changed");
    house.prove(&case, "password", PASSWORD).await;
    is_wrong_state(house.submit(&case, "password", PASSWORD).await, "already");
    is_wrong_state(house.submit(&case, "email", "123456").await, "ask for a code first");
    let voice = house.open(ALICE, "damaged").await;
    house.prove(&voice, "password", PASSWORD).await;
    is_invalid(house.submit(&voice, "voice", "123456").await, "cannot be typed here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_links() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let here = Secret::new("this browser");
    for token in ["", "nonsense", &"x".repeat(100_000)] {
        is_wrong_state(house.service.open_link(&Secret::new(token), &here, "x").await, "ask for a new one");
        is_not_found(house.service.veto(&Secret::new(token), "x").await, "as it is in the message");
    }
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "x").await.expect("started");
    let mail = post.mail("verification").await;
    let (link, veto) = (Secret::new(mail["link_token"].clone()), Secret::new(mail["veto_token"].clone()));
    // One is no good as the other.
    is_not_found(house.service.veto(&link, "x").await, "as it is in the message");
    is_wrong_state(house.service.open_link(&veto, &here, "x").await, "ask for a new one");
    // A code of one case is none of another's.
    let other = house.open(ALICE, "lost").await;
    house.prove(&other, "password", PASSWORD).await;
    is_wrong_state(house.submit(&other, "email", &mail["code"]).await, "ask for a code first");
    house.service.open_link(&link, &here, "x").await.expect("proven");
    is_wrong_state(house.service.open_link(&link, &here, "x").await, "used already");
    house.service.veto(&veto, "x").await.expect("vetoed");
    is_wrong_state(house.service.veto(&veto, "x").await, "contact support");
    house.until(&case, |view| view.state == "vetoed").await;
    house.stop().await;
}

/// In another browser a link proves nothing: it shows a code, as often as it is opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_opened_elsewhere_shows_a_code() {
    let (house, mut post) = House::working().await;
    house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "x").await.expect("started");
    let mail = post.mail("verification").await;
    for browser in ["", "another browser", "another browser"] {
        let opened = house
            .service
            .open_link(&Secret::new(mail["link_token"].clone()), &Secret::new(browser), "x")
            .await;
        let Ok(readmitd::service::LinkReply::Code { code, account, .. }) = opened else {
            panic!("{opened:?}")
        };
        assert_eq!((code.expose(), account.as_str()), (mail["code"].as_str(), "a•••"));
        assert_eq!(house.view(&case).await.state, "proving");
    }
    house.prove(&case, "email", &mail["code"]).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_administrators() {
    type Change = fn(&mut AccountProperties);
    let house = House::quiet().await;
    let device = house.add_alice().await;
    let service = &house.service;
    let with = |change: Change| {
        let mut properties = AccountProperties::default();
        change(&mut properties);
        properties
    };
    let table: [(&str, Change); 8] = [
        ("email", |it| it.emails = Some(vec!["not an address".to_owned()])),
        ("phone", |it| it.phones = Some(vec!["0415 555".to_owned()])),
        ("phone_country", |it| it.phone_country = Some("Germany".to_owned())),
        ("realm", |it| it.realm = Some(String::new())),
        ("kind", |it| it.kind = Some("a\nb".to_owned())),
        ("groups", |it| it.groups = Some(vec!["x".repeat(257)])),
        ("groups", |it| it.groups = Some(vec!["x".to_owned(); 65])),
        ("attributes", |it| it.attributes = Some([(String::new(), String::new())].into())),
    ];
    let rows = house.journal().await.len();
    for (property, change) in table {
        is_invalid(service.set_account(ALICE, &with(change), &by(ADMIN)).await, property);
        is_invalid(service.add_account("bob", &with(change), ADMIN).await, property);
    }
    is_wrong_state(
        service.add_account(ALICE, &AccountProperties::default(), ADMIN).await,
        "readmit account set",
    );
    is_not_found(service.set_account("bob", &AccountProperties::default(), &by(ADMIN)).await, "bob");
    is_not_found(service.issue_pass("bob", 60, &by(ADMIN)).await, "bob");
    is_invalid(service.issue_pass(ALICE, 0, &by(ADMIN)).await, "30 days");
    is_invalid(service.issue_pass(ALICE, 31 * 24 * 3600, &by(ADMIN)).await, "30 days");
    is_invalid(service.set_password(ALICE, Secret::new("short"), &by(ADMIN)).await, "15 characters");
    is_not_found(service.set_password("bob", Secret::new("long enough for me"), &by(ADMIN)).await, "bob");
    let bad = |label: &str, secret: Option<&str>| DeviceProperties {
        label: label.to_owned(),
        form: readmit_recovery::account::Form::Virtual,
        secret: secret.map(Secret::new),
    };
    is_invalid(service.enroll(ALICE, bad("", None), &by(ADMIN)).await, "label");
    is_invalid(service.enroll(ALICE, bad(&"x".repeat(201), None), &by(ADMIN)).await, "label");
    is_invalid(service.enroll(ALICE, bad("x", Some("1")), &by(ADMIN)).await, "base32");
    is_not_found(service.enroll("bob", bad("x", None), &by(ADMIN)).await, "bob");
    is_invalid(service.deactivate(device.id.as_str(), " ", &by(ADMIN)).await, "say why");
    is_invalid(service.deactivate(device.id.as_str(), &"x".repeat(4001), &by(ADMIN)).await, "say why");
    is_not_found(service.deactivate("nonsense", "because", &by(ADMIN)).await, "readmit device list");
    is_not_found(service.restart_plugin("nonsense", ADMIN).await, "readmit plugin list");
    is_not_found(service.test_plugin("nonsense", "x", ADMIN).await.map(|_| ()), "readmit plugin list");
    assert_eq!(house.journal().await.len(), rows, "nothing has changed");
    let case = house.open(ALICE, "lost").await;
    is_invalid(service.resolve(&case, "bless", "because", &officer(7)).await, "pass, reset or deny");
    is_wrong_state(service.resolve(&case, "reset", "because", &officer(7)).await, "proving");
    is_invalid(service.deny(&case, "", &officer(7)).await, "give a reason");
    is_invalid(service.approve(&case, "because", &officer(7)).await, "does not ask for");
}
