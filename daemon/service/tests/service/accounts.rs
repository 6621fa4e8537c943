//! What administrators do: what follows from it, and what the journal says of it.

use readmit_recovery::id::DeviceId;
use readmit_recovery::secret::Secret;
use readmit_store::Store;
use readmitd::service::{AccountProperties, Fault, OpenContext};

use crate::house::{ADMIN, ALICE, House, PASSWORD, POLICY, by, code, officer, write_policy};

/// Who and what, for everything that an administrator can do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_is_on_file_with_who_and_why() {
    let (house, _post) = House::working().await;
    let device = house.add_alice().await;
    let service = &house.service;
    let other = AccountProperties {
        emails: Some(vec!["new@example.org".to_owned()]),
        ..AccountProperties::default()
    };
    service.set_account(ALICE, &other, &by("uid:1")).await.expect("set");
    service.issue_recovery_codes(ALICE, &by("uid:2")).await.expect("issued");
    service.issue_pass(ALICE, 60, &by("uid:3")).await.expect("issued");
    service.deactivate(device.id.as_str(), "she called", &by("uid:4")).await.expect("deactivated");
    service.delete_device(device.id.as_str(), &by("uid:5")).await.expect("deleted");
    write_policy(house.directory.path(), &format!("-- Changed.\n{POLICY}"));
    service.reload_policies("uid:6").await.expect("loaded");
    service.restart_plugin("post", "uid:8").await.expect("restarted");
    let case = house.open(ALICE, "lost").await;
    service.deny(&case, "not her voice", &officer(9)).await.expect("denied");
    service.remove_account(ALICE, &by("uid:10")).await.expect("removed");
    let table = [
        ("account_added", ADMIN, ""),
        ("password_set", ADMIN, ""),
        ("device_enrolled", ADMIN, ""),
        ("account_changed", "uid:1", "emails"),
        ("recovery_codes_issued", "uid:2", ""),
        ("pass_issued", "uid:3", "expires_at"),
        ("device_deactivated", "uid:4", "she called"),
        ("device_deleted", "uid:5", ""),
        ("policies_loaded", "uid:6", ""),
        ("plugin_restarted", "uid:8", "post"),
        ("denied", "uid:9", "not her voice"),
        ("account_removed", "uid:10", ""),
    ];
    for (kind, actor, why) in table {
        let entries = house.entries(kind).await;
        let fits =
            |(by, detail): &&(String, serde_json::Value)| by == actor && detail.to_string().contains(why);
        assert_eq!(entries.iter().filter(fits).count(), 1, "{kind}: {entries:?}");
    }
    // Whose address it is stays out of it.
    let journal = house.journal().await;
    assert!(
        journal.iter().all(|row| !serde_json::to_string(&row.entry.detail).expect("JSON").contains("new@"))
    );
    assert_eq!(house.store.verify_journal().await.expect("read").broken, None);
    house.stop().await;
}

/// Nobody gets into an account that is none any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removing_an_account_ends_its_recoveries() {
    let (mut house, mut post) = House::working().await;
    house.add_alice().await;
    let recovered = house.recovered(&mut post).await;
    let proving = house.open(ALICE, "lost").await;
    house.prove(&proving, "password", PASSWORD).await;
    house.service.remove_account(ALICE, &by(ADMIN)).await.expect("removed");
    for case in [&recovered, &proving] {
        assert_eq!(house.view(case).await.state, "denied");
        assert!(matches!(house.service.claim(case, "x").await, Err(Fault::WrongState(_))));
    }
    assert!(matches!(house.service.remove_account(ALICE, &by(ADMIN)).await, Err(Fault::NotFound(_))));
    house.stop().await;
}

/// A device that an administrator deletes in between stops neither the recovery nor the owner's veto.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_deleted_meanwhile_is_in_nobodys_way() {
    let (mut house, mut post) = House::working().await;
    let device = house.add_alice().await;
    let case = house.open(ALICE, "lost").await;
    house.prove(&case, "password", PASSWORD).await;
    house.service.start(&case, "email", "x").await.expect("started");
    let mail = post.mail("verification").await;
    house.service.delete_device(device.id.as_str(), &by(ADMIN)).await.expect("deleted");
    house.prove(&case, "email", &mail["code"]).await;
    assert_eq!(house.view(&case).await.state, "recovered");
    let notice = post.mail("notice").await;
    house.service.veto(&Secret::new(notice["veto_token"].clone()), "x").await.expect("vetoed");
    assert_eq!(house.view(&case).await.state, "vetoed");
    assert_eq!(house.entries("device_gone").await.len(), 2);
    house.until(&case, |view| view.state == "vetoed").await;
    house.stop().await;
}

/// The person may name a device; a wrong name, or that of a deactivated device, changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_active_device_is_recovered() {
    let house = House::quiet().await;
    let stolen = house.add_alice().await;
    let phone = house.add_device("phone").await;
    let tablet = house.add_device("tablet").await;
    house.service.deactivate(stolen.id.as_str(), "stolen", &by(ADMIN)).await.expect("deactivated");
    let table = [
        (None, &phone.id),
        (Some(tablet.id.clone()), &tablet.id),
        (Some(stolen.id.clone()), &phone.id),
        (Some(DeviceId::from_random([7; 16])), &phone.id),
    ];
    for (device, wanted) in table {
        let context = OpenContext { device, ..OpenContext::default() };
        let case = house.service.open(ALICE, "lost", context, "x").await.expect("opened");
        let case = house.service.show(case.as_str()).await.expect("a case").0;
        assert_eq!(case.device.as_ref(), Some(wanted));
    }
}

/// Whoever is given something new begins anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_device_ends_the_row_of_failures() {
    let house = House::quiet().await;
    house.add_alice().await;
    let tablet = house.add_device("tablet").await;
    for _ in 0..7 {
        let case = house.open(ALICE, "not_working").await;
        for _ in 0..15 {
            drop(house.submit(&case, "totp", "000000").await);
        }
    }
    let case = house.open(ALICE, "not_working").await;
    let right = code(&tablet, 0);
    let blocked = house.submit(&case, "totp", right.expose()).await;
    assert!(matches!(&blocked, Err(Fault::Refused(text)) if text.contains("blocked")), "{blocked:?}");
    house.add_device("watch").await;
    house.prove(&case, "totp", right.expose()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_about_their_own_account() {
    let house = House::quiet().await;
    house.add_alice().await;
    let attributes = [("unix_user".to_owned(), "user7".to_owned())].into();
    let properties = AccountProperties { attributes: Some(attributes), ..AccountProperties::default() };
    house.service.set_account(ALICE, &properties, &by(ADMIN)).await.expect("set");
    let case = house.open(ALICE, "lost").await;
    let form = [("problem".to_owned(), "other".to_owned())].into();
    house.service.escalate(&case, &form, "x").await.expect("a ticket");
    for action in ["pass", "reset", "deny"] {
        let own = house.service.resolve(&case, action, "it is me", &officer(7)).await;
        assert!(matches!(own, Err(Fault::NotAuthorized(_))), "{action}: {own:?}");
    }
    assert_eq!(house.view(&case).await.state, "escalated");
    house.service.resolve(&case, "reset", "I know her", &officer(8)).await.expect("resolved");
    assert_eq!(house.view(&case).await.state, "recovered");
}

/// Two administrators at once undo nothing of one another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_once_are_all_kept() {
    let house = House::quiet().await;
    house.add_alice().await;
    let set = |properties: AccountProperties| {
        let service = house.service.clone();
        tokio::spawn(async move { service.set_account(ALICE, &properties, &by(ADMIN)).await })
    };
    let changes = [
        AccountProperties { kind: Some("boss".to_owned()), ..AccountProperties::default() },
        AccountProperties { locale: Some("de".to_owned()), ..AccountProperties::default() },
        AccountProperties { groups: Some(vec!["staff".to_owned()]), ..AccountProperties::default() },
        AccountProperties { phones: Some(Vec::new()), ..AccountProperties::default() },
    ];
    for task in changes.map(set) {
        task.await.expect("no panic").expect("set");
    }
    let account = house.service.account(ALICE).await.expect("alice").account;
    assert_eq!((account.kind.as_str(), account.locale.as_deref()), ("boss", Some("de")));
    assert_eq!((account.groups, account.phones.len()), (vec!["staff".to_owned()], 0));
}
