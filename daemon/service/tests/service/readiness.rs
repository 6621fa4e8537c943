//! Who has no way back, and what would make one.

use readmit_recovery::secret::Secret;
use readmit_store::Store;
use readmitd::service::{AccountProperties, Fault, Readiness, ReadinessFilter, Way};

use crate::house::{ADMIN, ALICE, House, by};

const SHIPPED: &str = include_str!("../../../../policies/default.lua");

async fn add(house: &House, id: &str, password: bool, change: impl FnOnce(&mut AccountProperties)) {
    let mut properties = AccountProperties {
        emails: Some(vec![format!("{id}@example.org")]),
        phones: Some(vec!["+14155550123".to_owned()]),
        ..AccountProperties::default()
    };
    change(&mut properties);
    house.service.add_account(id, &properties, ADMIN).await.expect("added");
    if password {
        house.service.set_password(id, Secret::new("correct horse battery"), &by(ADMIN)).await.expect("set");
    }
}

async fn all(house: &House) -> Vec<Readiness> {
    house.service.readiness(ReadinessFilter::default(), "", 200).await.expect("looked")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_named_and_a_rule_is_called_one() {
    let house = House::with_policy(SHIPPED).await;
    house.add_alice().await;
    add(&house, "bare", false, |account| (account.emails, account.phones) = (None, None)).await;
    add(&house, "lostphone", true, |account| account.phone_on_lost_device = Some(true)).await;
    add(&house, "member", true, |account| account.kind = Some("member".to_owned())).await;
    add(&house, "nophone", true, |account| account.phones = None).await;
    let journal = house.journal().await.len();
    let found = all(&house).await;
    let told: Vec<_> = found
        .iter()
        .map(|one| {
            let missing: Vec<&str> = one.missing.iter().map(String::as_str).collect();
            (one.account.as_str(), one.ready, one.by_rule, missing, one.to.as_deref())
        })
        .collect();
    let support = Some("support");
    let wanted = [
        (ALICE, true, false, vec![], None),
        (
            "bare",
            false,
            false,
            vec!["no password and no verified e-mail address and no verified phone number"],
            support,
        ),
        (
            "lostphone",
            false,
            false,
            vec!["no phone number that does not ring on the lost device", "no recovery codes"],
            support,
        ),
        ("member", false, true, vec![], Some("administrator")),
        ("nophone", false, false, vec!["no verified phone number"], support),
    ];
    assert_eq!(told, wanted);
    // Only who has a device can have one that is out of sync.
    assert_eq!((found[0].ways.len(), found[1].ways.len()), (5, 4));
    assert!(found[0].ways.values().all(|way| *way == Way::Alone));
    assert_eq!(found[4].because, ["no verified phone number on file"]);
    assert_eq!(
        (house.journal().await.len(), house.store.counts().await.expect("counts").decisions),
        (journal, 0)
    );
    // What was missing is put on file.
    house.service.issue_recovery_codes("lostphone", &by(ADMIN)).await.expect("issued");
    assert!(all(&house).await[2].ready);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_cannot_be_proven_is_no_way() {
    let house = House::quiet().await;
    house.add_alice().await;
    let found = all(&house).await.remove(0);
    let ways: Vec<_> = found.ways.iter().map(|(reason, way)| (*reason, *way)).collect();
    let wanted = [
        ("damaged", Way::Alone),
        ("lost", Way::Alone),
        ("not_working", Way::CannotProve),
        ("out_of_sync", Way::Alone),
        ("stolen", Way::CannotProve),
    ];
    assert_eq!(ways, wanted);
    assert_eq!(found.missing, ["no recovery codes and no other device"]);
    assert!(!found.ready && !found.by_rule && found.to.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_a_way_and_failures_and_denials_are_none() {
    let house = House::with_policy(
        r#"return { open = function(case)
          if case.account.id == "broken" then error("x") end
          if case.account.id == "denied" then return deny "never" end
          return any(1, { approvals(1), all { "password", "recovery_code" } })
        end }"#,
    )
    .await;
    for id in ["broken", "denied", "plain"] {
        add(&house, id, true, |_| ()).await;
    }
    let found = all(&house).await;
    let way = |at: usize| (found[at].ways["lost"], found[at].ready, found[at].by_rule);
    assert_eq!(way(0), (Way::Failing, false, true));
    assert_eq!(way(1), (Way::Deny, false, true));
    assert_eq!(way(2), (Way::WithPeople, true, false));
    assert!(found[0].because[0].contains("default.lua:2"), "{:?}", found[0].because);
    house.service.issue_recovery_codes("plain", &by(ADMIN)).await.expect("issued");
    assert_eq!(all(&house).await[2].ways["lost"], Way::Alone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_looked_at_page_by_page() {
    let house = House::with_policy(SHIPPED).await;
    for (id, realm, kind) in
        [("a", "north", "owner"), ("b", "south", "owner"), ("c", "north", "member"), ("d", "north", "owner")]
    {
        add(&house, id, true, |account| {
            account.realm = Some(realm.to_owned());
            account.kind = Some(kind.to_owned());
        })
        .await;
    }
    let page = async |realm: Option<&str>, kind: Option<&str>, after: &str, limit| {
        let filter = ReadinessFilter { realm: realm.map(str::to_owned), kind: kind.map(str::to_owned) };
        let found = house.service.readiness(filter, after, limit).await.expect("looked");
        found.iter().map(|one| one.account.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(page(None, None, "", 3).await, "a b c");
    assert_eq!(page(None, None, "c", 3).await, "d");
    assert_eq!(page(None, None, "d", 3).await, "");
    assert_eq!(page(Some("north"), None, "a", 9).await, "c d");
    assert_eq!(page(Some("north"), Some("owner"), "", 9).await, "a d");
    let wrong = house.service.readiness(ReadinessFilter::default(), &"x".repeat(300), 9).await;
    assert!(matches!(wrong, Err(Fault::InvalidArgument(_))), "{wrong:?}");
}
