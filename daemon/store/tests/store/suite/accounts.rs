//! Accounts and their records.

use std::collections::BTreeMap;
use std::time::Duration;

use readmit_recovery::factor::Factor;
use readmit_recovery::secret::Secret;
use readmit_store::{AccountFilter, CommitError, Page, Write};

use crate::kit::*;

const DAY: u64 = 86_400;

pub async fn an_account_is_what_was_put_on_file(make: Make) {
    let store = make();
    let phc = Secret::new("$argon2id$v=19$m=19456$hash");
    commit(&store, [Write::InsertAccount(account("alice")), add_device("d", "alice")]).await;
    let record = store.account(&account_id("alice"), at(0)).await.unwrap().unwrap();
    assert_eq!(record.account, account("alice"));
    assert_eq!(record.password, None);
    assert_eq!(record.devices.len(), 1);
    assert_eq!((record.recovery_codes, record.failures.len(), record.last_recovered_at), (0, 0, None));

    let mut changed = account("alice");
    changed.realm = "other".to_owned();
    changed.emails.clear();
    let password = Write::SetPassword { account: account_id("alice"), hash: phc.clone() };
    commit(&store, [Write::UpdateAccount(changed.clone()), password]).await;
    let record = store.account(&account_id("alice"), at(0)).await.unwrap().unwrap();
    assert_eq!(record.account, changed);
    assert_eq!(record.password, Some(phc));
    assert!(store.account(&account_id("bob"), at(0)).await.unwrap().is_none());
}

pub async fn an_account_is_put_on_file_once(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let mut other = account("alice");
    other.realm = "other".to_owned();
    refused!(attempt(&store, Write::InsertAccount(other)).await, CommitError::Exists);
    let record = store.account(&account_id("alice"), at(0)).await.unwrap().unwrap();
    assert_eq!(record.account, account("alice"));
}

pub async fn what_is_not_on_file_cannot_be_changed(make: Make) {
    let store = make();
    let nobody = || account_id("nobody");
    for write in [
        Write::UpdateAccount(account("nobody")),
        Write::RemoveAccount(nobody()),
        Write::SetPassword { account: nobody(), hash: Secret::new("$argon2id$") },
        Write::ReplaceRecoveryCodes { account: nobody(), hashes: vec![hash("1")] },
        Write::IssuePass { account: nobody(), hash: hash("1"), expires_at: at(60) },
        add_device("d", "nobody"),
    ] {
        refused!(attempt(&store, write).await, CommitError::NotFound);
    }
    assert_eq!(store.counts().await.unwrap(), readmit_store::Counts::default());
}

pub async fn a_removed_account_leaves_nothing_but_cases_and_journal(make: Make) {
    let store = make();
    let alice = || account_id("alice");
    commit(
        &store,
        [
            Write::InsertAccount(account("alice")),
            Write::InsertAccount(account("bob")),
            add_device("d", "alice"),
            add_device("e", "bob"),
            Write::ReplaceRecoveryCodes { account: alice(), hashes: vec![hash("code")] },
            Write::IssuePass { account: alice(), hash: hash("pass"), expires_at: at(60) },
            Write::CountFailure { account: alice(), factor: Factor::Password },
            Write::InsertCase(case_row("c", "alice")),
            entry("case.opened"),
        ],
    )
    .await;
    commit(&store, [Write::RemoveAccount(alice())]).await;
    assert!(store.account(&alice(), at(0)).await.unwrap().is_none());
    assert!(store.devices(&alice()).await.unwrap().is_empty());
    assert!(store.device_secret(&device_id("d")).await.unwrap().is_none());
    assert!(store.device(&device_id("e")).await.unwrap().is_some());
    assert!(store.case(&case_id("c")).await.unwrap().is_some());
    assert_eq!(store.journal_of(&case_id("c").handle()).await.unwrap().len(), 1);

    // The same name again is somebody new.
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let record = store.account(&alice(), at(0)).await.unwrap().unwrap();
    assert_eq!((record.recovery_codes, record.failures.len(), record.failed_24h), (0, 0, 0));
    let pass = readmit_store::Spend::Pass { account: alice(), hash: hash("pass") };
    refused!(attempt(&store, Write::Spend(pass)).await, CommitError::Spent(_));
}

pub async fn accounts_are_listed_by_filter_and_page(make: Make) {
    let store = make();
    let mut writes = Vec::new();
    for index in 0..10 {
        let mut account = account(&format!("user{index}"));
        account.realm = if index < 5 { "north" } else { "south" }.to_owned();
        account.kind = if index % 2 == 0 { "owner" } else { "member" }.to_owned();
        writes.push(Write::InsertAccount(account));
    }
    writes.push(Write::InsertAccount(account("100%_Sure")));
    commit(&store, writes).await;
    let list = async |realm: Option<&str>, kind: Option<&str>, text: Option<&str>, page| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let filter = AccountFilter { realm: owned(realm), kind: owned(kind), text: owned(text), after: None };
        let accounts = store.accounts(filter, page).await.unwrap();
        accounts.iter().map(|account| account.id.to_string()).collect::<Vec<_>>().join(" ")
    };
    let all = Page::default();
    assert_eq!(list(Some("north"), None, None, all).await, "user0 user1 user2 user3 user4");
    assert_eq!(list(Some("south"), Some("owner"), None, all).await, "user6 user8");
    assert_eq!(list(None, None, Some("USER7"), all).await, "user7");
    assert_eq!(list(None, None, Some("%_s"), all).await, "100%_Sure");
    assert_eq!(list(None, None, Some("_"), all).await, "100%_Sure");
    assert_eq!(list(None, None, Some("mail.example"), all).await, "");
    assert_eq!(list(None, None, None, Page::new(1, 2)).await, "user0 user1");
    assert_eq!(list(None, None, None, Page::new(9, 99)).await, "user8 user9");
    assert_eq!(list(None, None, None, Page::new(0, 0)).await, "");
}

pub async fn accounts_are_listed_from_one_on(make: Make) {
    let store = make();
    commit(&store, ["a", "b", "c", "d"].map(|id| Write::InsertAccount(account(id)))).await;
    let list = async |after: Option<&str>, limit| {
        let filter = AccountFilter { after: after.map(account_id), ..AccountFilter::default() };
        let accounts = store.accounts(filter, Page::new(0, limit)).await.unwrap();
        accounts.iter().map(|account| account.id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list(None, 2).await, "a b");
    assert_eq!(list(Some("b"), 9).await, "c d");
    // The one that was seen last may be gone by now.
    commit(&store, [Write::RemoveAccount(account_id("b"))]).await;
    assert_eq!(list(Some("b"), 1).await, "c");
    assert_eq!(list(Some("d"), 9).await, "");
}

pub async fn the_record_counts_what_happened_lately(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    for (id, opened_at) in [("old", 0), ("new", 90 * DAY), ("newer", 90 * DAY + 60)] {
        let row = readmit_store::CaseRow { opened_at: at(opened_at), ..case_row(id, "alice") };
        store.commit(change(at(opened_at), vec![Write::InsertCase(row)])).await.unwrap();
    }
    let finish = async |id: &str, state: &str, when: u64| {
        let stored = store.case(&case_id(id)).await.unwrap().unwrap();
        let row = readmit_store::CaseRow { state: state.to_owned(), ..stored.row };
        let write = Write::UpdateCase { row, revision: stored.revision };
        store.commit(change(at(when), vec![write])).await.unwrap();
    };
    finish("old", "recovered", 100).await;
    finish("new", "recovered", 90 * DAY + 100).await;
    // Completing a recovery later is no second one.
    finish("new", "completed", 90 * DAY + 5000).await;
    finish("newer", "denied", 90 * DAY + 200).await;
    let failure = Write::CountFailure { account: account_id("alice"), factor: Factor::Email };
    for second in [0, 90 * DAY - 1000, 90 * DAY, 90 * DAY + 30] {
        store.commit(change(at(second), vec![failure.clone()])).await.unwrap();
    }
    let record = async |when| store.account(&account_id("alice"), at(when)).await.unwrap().unwrap();
    let now = record(90 * DAY + 300).await;
    assert_eq!((now.opened_24h, now.failed_24h, now.recovered_90d), (2, 3, 1));
    assert_eq!(now.last_recovered_at, Some(at(90 * DAY + 100)));
    let before = record(90 * DAY + 50).await;
    assert_eq!(before.recovered_90d, 2);
    let later = record(91 * DAY + 120).await;
    assert_eq!((later.opened_24h, later.failed_24h, later.recovered_90d), (0, 0, 1));
}

pub async fn the_record_counts_consecutive_failures_of_each_factor(make: Make) {
    let store = make();
    let alice = || account_id("alice");
    commit(&store, [Write::InsertAccount(account("alice"))]).await;
    let sms = Factor::Channel("sms".to_owned());
    for factor in [Factor::Password, Factor::Password, Factor::Voice, sms.clone()] {
        commit(&store, [Write::CountFailure { account: alice(), factor }]).await;
    }
    let failures = async || store.account(&alice(), at(0)).await.unwrap().unwrap().failures;
    let wanted = BTreeMap::from([(Factor::Password, 2), (Factor::Voice, 1), (sms, 1)]);
    assert_eq!(failures().await, wanted);
    commit(&store, [Write::ClearFailures { account: alice(), factor: Factor::Password }]).await;
    assert_eq!(failures().await.get(&Factor::Password), None);
    assert_eq!(store.account(&alice(), at(0)).await.unwrap().unwrap().failed_24h, 4);
    commit(&store, [Write::CountFailure { account: alice(), factor: Factor::Password }]).await;
    assert_eq!(failures().await.get(&Factor::Password), Some(&1));
}

pub async fn failures_of_unknown_accounts_are_counted_alike(make: Make) {
    let store = make();
    let nobody = || account_id("nobody");
    commit(&store, [Write::CountFailure { account: nobody(), factor: Factor::Password }]).await;
    // Counted, and forgotten after a day, so that strangers' guesses do not fill the disk.
    let day = at(0).plus(Duration::from_secs(2 * DAY));
    store.commit(change(day, vec![entry("later")])).await.unwrap();
    commit(&store, [Write::InsertAccount(account("nobody"))]).await;
    assert!(store.account(&nobody(), at(0)).await.unwrap().unwrap().failures.is_empty());
}
