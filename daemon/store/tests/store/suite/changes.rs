//! Changes: whole or not at all, beside each other, across restarts.

use std::sync::Arc;

use readmit_recovery::secret::Secret;
use readmit_store::limits::{
    MAX_BODY_BYTES, MAX_POLICY_BYTES, MAX_RECOVERY_CODES, MAX_WORD_BYTES, MAX_WRITES,
};
use readmit_store::{CaseRow, CommitError, Counts, DeliveryState, Spend, TokenPurpose, Write};
use zeroize::Zeroizing;

use crate::kit::*;

pub async fn a_change_happens_whole_or_not_at_all(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let before = store.counts().await.unwrap();
    let result = store
        .commit(change(
            at(0),
            vec![
                Write::InsertCase(case_row("c", "alice")),
                add_device("d", "alice"),
                Write::Enqueue(item("m")),
                entry("case.opened"),
                Write::InsertAccount(account("alice")),
            ],
        ))
        .await;
    refused!(result, CommitError::Exists);
    assert_eq!(store.counts().await.unwrap(), before);
}

pub async fn one_failing_change_sinks_no_other(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let callers: Vec<_> = (0..64)
        .map(|caller| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let id = format!("c{caller}");
                let mut writes = vec![Write::InsertCase(case_row(&id, "alice")), entry("case.opened")];
                if caller % 2 == 1 {
                    writes.push(Write::InsertAccount(account("alice")));
                }
                (caller, store.commit(change(at(0), writes)).await)
            })
        })
        .collect();
    for caller in callers {
        let (caller, result) = caller.await.unwrap();
        let there = store.case(&case_id(&format!("c{caller}"))).await.unwrap().is_some();
        assert_eq!((result.is_ok(), there), (caller % 2 == 0, caller % 2 == 0), "{caller}: {result:?}");
    }
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.cases, counts.journal), (32, 32));
    assert_eq!(store.verify_journal().await.unwrap().broken, None);
}

pub async fn writes_of_one_change_see_each_other(make: Make) {
    let store = make();
    let token = Secret::new("token").hash();
    commit(
        &store,
        [
            Write::InsertAccount(account("alice")),
            add_device("d", "alice"),
            Write::InsertCase(case_row("c", "alice")),
            Write::UpdateCase { row: case_row("c", "alice"), revision: 1 },
            Write::AddToken {
                hash: token,
                purpose: TokenPurpose::Link,
                case: case_id("c"),
                challenge: 3,
                expires_at: at(60),
            },
            Write::Spend(Spend::Token { hash: token }),
            Write::Spend(Spend::TotpStep { device: device_id("d"), step: 101 }),
        ],
    )
    .await;
    assert!(store.token(&token).await.unwrap().unwrap().spent);
    assert_eq!(store.case(&case_id("c")).await.unwrap().unwrap().revision, 2);
}

pub async fn a_change_of_the_largest_size_is_taken_and_no_larger(make: Make) {
    let store = make();
    let entries = |count| (0..count).map(|_| entry("x")).collect::<Vec<_>>();
    store.commit(change(at(0), entries(MAX_WRITES))).await.unwrap();
    refused!(store.commit(change(at(0), entries(MAX_WRITES + 1))).await, CommitError::TooLarge(_));
    let with_body = |id: &str, size| {
        Write::InsertCase(CaseRow { body: Zeroizing::new(vec![7; size]), ..case_row(id, "alice") })
    };
    commit(&store, [with_body("a", MAX_BODY_BYTES)]).await;
    refused!(attempt(&store, with_body("b", MAX_BODY_BYTES + 1)).await, CommitError::TooLarge(_));
    assert_eq!(store.case(&case_id("a")).await.unwrap().unwrap().row.body.len(), MAX_BODY_BYTES);
    assert_eq!(store.counts().await.unwrap().journal, MAX_WRITES as u64);
}

pub async fn every_part_has_a_largest_size(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let codes = |count: usize| Write::ReplaceRecoveryCodes {
        account: account_id("alice"),
        hashes: (0..count).map(|index| hash(&index.to_string())).collect(),
    };
    let policy = |size| Write::Policy {
        version: version(&format!("v{size}")),
        files: [("f".to_owned(), "x".repeat(size - 1))].into(),
    };
    let proposal = |size| Write::ProposePolicy {
        version: version("v"),
        files: [("f".to_owned(), "x".repeat(size - 1))].into(),
        found: readmit_store::Found::Nothing,
        tests: 0,
        restores: false,
    };
    let charge = |size| Write::Charge {
        scope: "calls",
        subject: "x".repeat(size),
        window: std::time::Duration::from_secs(60),
        amount: 1,
        max: 1,
    };
    let delivery = |size| {
        let payload = Zeroizing::new(vec![7; size]);
        Write::Enqueue(readmit_store::OutboxItem { payload, ..item("m") })
    };
    let label = |size| {
        let mut account = account("alice");
        account.realm = "x".repeat(size);
        Write::UpdateAccount(account)
    };
    for (largest, larger) in [
        (codes(MAX_RECOVERY_CODES), codes(MAX_RECOVERY_CODES + 1)),
        (policy(MAX_POLICY_BYTES), policy(MAX_POLICY_BYTES + 1)),
        (proposal(MAX_POLICY_BYTES), proposal(MAX_POLICY_BYTES + 1)),
        (charge(MAX_WORD_BYTES), charge(MAX_WORD_BYTES + 1)),
        (delivery(MAX_BODY_BYTES), delivery(MAX_BODY_BYTES + 1)),
        (label(MAX_WORD_BYTES), label(MAX_WORD_BYTES + 1)),
    ] {
        refused!(attempt(&store, larger).await, CommitError::TooLarge(_));
        commit(&store, [largest]).await;
    }
}

pub async fn a_restart_keeps_everything(make: Make) {
    let store = make();
    let phc = Secret::new("$argon2id$v=19$m=19456$hash");
    let token = Secret::new("token").hash();
    commit(
        &store,
        [
            Write::InsertAccount(account("alice")),
            Write::SetPassword { account: account_id("alice"), hash: phc.clone() },
            add_device("d", "alice"),
            Write::ReplaceRecoveryCodes { account: account_id("alice"), hashes: vec![hash("1"), hash("2")] },
            Write::InsertCase(case_row("c", "alice")),
            Write::AddToken {
                hash: token,
                purpose: TokenPurpose::Veto,
                case: case_id("c"),
                challenge: 9,
                expires_at: at(60),
            },
            Write::Enqueue(item("m")),
            entry("case.opened"),
        ],
    )
    .await;
    commit(
        &store,
        [Write::Spend(Spend::Token { hash: token }), Write::TakeDelivery { id: delivery_id("m") }],
    )
    .await;
    let counts = store.counts().await.unwrap();
    let journal = store.journal(at(0), 0, 10).await.unwrap();
    drop(store);

    let store = make();
    assert_eq!(store.counts().await.unwrap(), counts);
    assert_eq!(store.journal(at(0), 0, 10).await.unwrap(), journal);
    let record = store.account(&account_id("alice"), at(0)).await.unwrap().unwrap();
    assert_eq!((record.account, record.password, record.recovery_codes), (account("alice"), Some(phc), 2));
    assert_eq!(record.devices[0].device, device("d", "alice"));
    assert!(store.token(&token).await.unwrap().unwrap().spent);
    assert_eq!(store.case(&case_id("c")).await.unwrap().unwrap().row, case_row("c", "alice"));
    let taken = store.taken_deliveries().await.unwrap();
    assert_eq!((taken[0].item.clone(), taken[0].state), (item("m"), DeliveryState::Taken));
    assert_eq!(store.verify_journal().await.unwrap().broken, None);
    commit(&store, [entry("case.closed")]).await;
    assert_eq!(store.verify_journal().await.unwrap().broken, None);
}

pub async fn an_empty_store_is_empty(make: Make) {
    let store = make();
    assert_eq!(store.counts().await.unwrap(), Counts::default());
    assert_eq!(store.next_deadline().await.unwrap(), None);
    assert_eq!(store.next_delivery_at().await.unwrap(), None);
    assert!(store.due_cases(at(0), 10).await.unwrap().is_empty());
    assert!(store.due_deliveries(at(0), 10).await.unwrap().is_empty());
    assert!(store.token(&hash("x")).await.unwrap().is_none());
    assert!(store.device(&device_id("d")).await.unwrap().is_none());
    let report = store.verify_journal().await.unwrap();
    assert_eq!((report.rows, report.broken), (0, None));
    let nothing = commit(&store, []).await;
    assert_eq!((nothing.first_seq, nothing.last_seq), (1, 0));
}
