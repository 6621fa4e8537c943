//! Deadlines come by themselves, in the daemon that runs and in the one that starts after them.

use readmit_store::{Change, Store, Write};
use readmitd::service::now;

use crate::house::{ALICE, House, PASSWORD, by, limits};

const HELD_A_MOMENT: &str = r#"return {
  open = function(case) return prove { "password", "recovery_code" } end,
  recovered = function(case)
    return outcome { device = "deactivate", hold = seconds(1), enroll_within = days(1) }
  end,
}"#;

async fn held(house: &House) -> String {
    let code = house.service.issue_recovery_codes(ALICE, &by("uid:0")).await.expect("issued").remove(0);
    let case = house.open(ALICE, "stolen").await;
    house.prove(&case, "password", PASSWORD).await;
    house.prove(&case, "recovery_code", code.expose()).await;
    assert_eq!(house.view(&case).await.state, "held");
    case
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_ends_and_the_device_is_deactivated() {
    let mut house = House::with_policy(HELD_A_MOMENT).await;
    house.add_alice().await;
    let case = held(&house).await;
    assert_eq!(house.service.devices(ALICE).await.expect("devices")[0].device.status.as_str(), "active");
    house.work();
    house.until(&case, |view| view.state == "recovered").await;
    assert_eq!(house.service.devices(ALICE).await.expect("devices")[0].device.status.as_str(), "deactivated");
    let recovered = house.entries("recovered").await;
    assert_eq!(recovered[0].0, "timer");
    // The recovery codes are all new after one was used.
    let signed_in = house.service.claim(&case, "x").await.expect("the one sign-in");
    assert_eq!(signed_in.recovery_codes.len(), 10);
    house.stop().await;
}

/// A case that cannot be read keeps no other from its deadline, nor the daemon from its start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_case_delays_no_other() {
    let house = House::with_policy(HELD_A_MOMENT).await;
    house.add_alice().await;
    let broken = house.open(ALICE, "stolen").await;
    let id = readmit_recovery::id::CaseId::parse(&broken).expect("an id");
    let stored = house.store.case(&id).await.expect("read").expect("a case");
    let mut row = stored.row;
    row.body = b"not a case".to_vec().into();
    row.next_deadline = Some(readmit_recovery::time::Timestamp::default());
    let writes = vec![Write::UpdateCase { row, revision: stored.revision }];
    let change = Change { at: now(), actor: "test".to_owned(), writes };
    house.store.commit(change).await.expect("broken");
    let case = held(&house).await;
    let mut house = House::on(house.stop().await, limits(), Vec::new()).await;
    house.work();
    house.until(&case, |view| view.state == "recovered").await;
    house.stop().await;
}
