//! Recovery contacts: put on file, asked for a code, and told apart by nobody.

use readmit_recovery::case::StepState;
use readmit_recovery::limits::MAX_CONTACTS;
use readmit_recovery::secret::Secret;
use readmitd::service::{AccountProperties, Fault};

use crate::house::{ADMIN, ALICE, EMAIL, House, PASSWORD, by, limits, private_directory, write_policy};

const ANN: &str = "Ann Example <ann@friends.example>";
const BOB: &str = "Bob <bob@friends.example>";

/// Who has a contact asks them; who has none calls.
const ASKING: &str = r#"return {
  open = function(case)
    if case.account.has.contacts then return prove { "password", "contact" } end
    return prove { "password", "voice" }
  end,
  failed = function(case, failure) return retry { after = 0 } end,
}"#;

fn contacts(contacts: &[&str]) -> AccountProperties {
    AccountProperties {
        contacts: Some(contacts.iter().map(|&text| text.to_owned()).collect()),
        ..AccountProperties::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_on_file_is_somebody_else_with_an_address() {
    let house = House::quiet().await;
    house.add_alice().await;
    let six: Vec<String> = (0..=MAX_CONTACTS).map(|n| format!("Friend <f{n}@friends.example>")).collect();
    let six: Vec<&str> = six.iter().map(String::as_str).collect();
    for (wrong, why) in [
        (&["ann@friends.example"][..], "Ann Example <ann@example.org>"),
        (&["Ann <ann>"], "name@example.org"),
        (&["Ann <ALICE@example.org>"], "the account's own"),
        (&[ANN, "Annie <Ann@friends.example>"], "there twice"),
        (&six, "more than 5"),
    ] {
        let refused = house.service.set_account(ALICE, &contacts(wrong), &by(ADMIN)).await;
        assert!(
            matches!(&refused, Err(Fault::InvalidArgument(text)) if text.starts_with("contacts: ") && text.contains(why)),
            "{wrong:?}: {refused:?}"
        );
    }
    house
        .service
        .set_account(ALICE, &contacts(&six[1..]), &by(ADMIN))
        .await
        .expect("as many as there may be");
    house.service.set_account(ALICE, &contacts(&[ANN, BOB]), &by(ADMIN)).await.expect("set");
    let on_file = house.service.account(ALICE).await.expect("on file").account;
    let told: Vec<String> = on_file.contacts.iter().map(ToString::to_string).collect();
    assert_eq!(told, [ANN, BOB]);
    // Nor may the account's own address become a contact's afterwards.
    let emails = vec![EMAIL.to_owned(), "bob@friends.example".to_owned()];
    let emails = AccountProperties { emails: Some(emails), ..AccountProperties::default() };
    assert!(matches!(
        house.service.set_account(ALICE, &emails, &by(ADMIN)).await,
        Err(Fault::InvalidArgument(_))
    ));
    assert!(house.entries("account_changed").await.iter().all(|(_, detail)| detail["changed"] == "contacts"));
    house.service.set_account(ALICE, &contacts(&[]), &by(ADMIN)).await.expect("none any more");
    assert!(house.service.account(ALICE).await.expect("on file").account.contacts.is_empty());
}

/// NIST SP 800-63B-4 §4.2.1.3: a trusted associate receives the code. The owner is told, and both can stop it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_hands_the_code_over_or_stops_it() {
    let (house, mut post) = House::working_with(ASKING).await;
    house.add_alice().await;
    house.service.set_account(ALICE, &contacts(&[ANN, BOB]), &by(ADMIN)).await.expect("set");
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "contact", "x").await.expect("started");
    let (mut asked, mut told) = (None, None);
    for _ in 0..2 {
        let mail = post.any_mail().await;
        match mail["purpose"].as_str() {
            "contact" => asked = Some(mail),
            _ => told = Some(mail),
        }
    }
    let (asked, told) = (asked.expect("the contact is asked"), told.expect("the owner is told"));
    assert_eq!((asked["to"].as_str(), asked["account"].as_str()), ("ann@friends.example", ALICE));
    assert!(!asked.contains_key("link_token") && !asked.contains_key("client"), "{asked:?}");
    assert_eq!((told["to"].as_str(), told["event"].as_str()), (EMAIL, "contact_asked"));
    assert_ne!(asked["veto_token"], told["veto_token"]);
    assert_eq!(house.step(&case, "contact").await.hint.as_deref(), Some("a•••@•••.example"));
    house.prove(&case, "contact", &asked["code"]).await;
    assert_eq!(house.view(&case).await.state, "recovered");

    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "contact", "x").await.expect("started");
    let asked = post.mail("contact").await;
    house.service.veto(&Secret::new(asked["veto_token"].clone()), "x").await.expect("vetoed");
    assert_eq!(house.view(&case).await.state, "vetoed");
    let late = house.submit(&case, "contact", &asked["code"]).await;
    assert!(matches!(late, Err(Fault::WrongState(_))), "{late:?}");
    house.stop().await;
}

/// Whoever is the contact of many accounts is not flooded through them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_asked_only_so_often_whoever_asks() {
    let directory = private_directory();
    write_policy(directory.path(), ASKING);
    let mut few = limits();
    few.emails_per_account.max = 2;
    let house = House::on(directory, few, Vec::new()).await;
    for account in ["amy", "ben", "cleo"] {
        house.service.add_account(account, &contacts(&[ANN]), ADMIN).await.expect("added");
        house.service.set_password(account, Secret::new(PASSWORD), &by(ADMIN)).await.expect("set");
    }
    let mut heard = Vec::new();
    for account in ["amy", "ben", "cleo"] {
        let case = house.open(account, "lost").await;
        house.prove(&case, "password", PASSWORD).await;
        heard.push(house.service.start(&case, "contact", "x").await.map(|step| step.state));
    }
    assert_eq!(heard[..2], [Ok(StepState::Sent), Ok(StepState::Sent)]);
    assert!(matches!(heard[2], Err(Fault::RateLimited { .. })), "{heard:?}");
}

/// An unknown account seems to have a contact as often as the others have one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_account_is_not_told_apart_by_contacts() {
    let house = House::with_policy(ASKING).await;
    let seems_to_have = async |house: &House| {
        let mut with = 0;
        for number in 0..40 {
            let case = house.open(&format!("nobody-{number}"), "lost").await;
            let steps = house.view(&case).await.steps;
            with += u32::from(steps.iter().any(|step| step.factor.as_str() == "contact"));
        }
        with
    };
    house.add_alice().await;
    assert_eq!(seems_to_have(&house).await, 0, "nobody has one");
    house.service.set_account(ALICE, &contacts(&[ANN]), &by(ADMIN)).await.expect("set");
    assert_eq!(seems_to_have(&house).await, 40, "everybody has one");
    house.service.add_account("bert", &AccountProperties::default(), ADMIN).await.expect("added");
    let half = seems_to_have(&house).await;
    assert!((5..=35).contains(&half), "half of them have one: {half} of 40");
    assert_eq!(seems_to_have(&house).await, half, "asking again shows the same");

    // And it answers as a known one does.
    let [known, unknown] =
        [house.open(ALICE, "lost").await, house.open(&with_contact(&house).await, "lost").await];
    let mut told = Vec::new();
    for case in [&known, &unknown] {
        let early = house.service.start(case, "contact", "x").await;
        let wrong = house.submit(case, "contact", "000000").await;
        let step = house.step(case, "contact").await;
        told.push(format!(
            "{early:?} {wrong:?} {:?} {} {:?}",
            step.state,
            step.message,
            step.hint.map(|hint| hint.chars().count() > 5)
        ));
    }
    assert_eq!(told[0], told[1]);
}

/// The name of an unknown account that seems to have a contact.
async fn with_contact(house: &House) -> String {
    for number in 0..40 {
        let name = format!("nobody-{number}");
        let case = house.open(&name, "lost").await;
        if house.view(&case).await.steps.iter().any(|step| step.factor.as_str() == "contact") {
            return name;
        }
    }
    panic!("half of them have one")
}
