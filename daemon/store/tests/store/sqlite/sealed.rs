//! What lies on the disk says nothing.

use std::time::Duration;

use readmit_recovery::secret::Secret;
use readmit_store::{DecisionRow, DifferenceRow, ShadowTally, StoreError, TokenPurpose, Write};

use super::Bench;
use crate::kit::*;

const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

/// Everything of these that lies in clear anywhere is a finding.
const SECRETS: [&str; 9] = [
    "alice.private",
    "mail.example",
    "4155550123",
    "red-attribute",
    "JBSWY3DPEHPK3PXP",
    "argon2id",
    "the sealed body",
    "the sealed payload",
    "203.0.113.9",
];

fn found(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn fill(bench: &Bench) {
    let store = bench.open();
    let charge = |subject: &str| Write::Charge {
        scope: "address",
        subject: subject.to_owned(),
        window: Duration::from_secs(60),
        amount: 1,
        max: 5,
    };
    commit(
        &store,
        [
            Write::InsertAccount(account("alice")),
            Write::SetPassword { account: account_id("alice"), hash: Secret::new(PHC) },
            add_device("d", "alice"),
            Write::InsertCase(case_row("c", "alice")),
            Write::Enqueue(item("m")),
            Write::AddToken {
                hash: hash("a-token-in-clear"),
                purpose: TokenPurpose::Link,
                case: case_id("c"),
                challenge: 1,
                expires_at: at(60),
            },
            Write::Decision(DecisionRow {
                at: at(0),
                case: case_id("c").handle(),
                version: version("v1"),
                hook: "open".to_owned(),
                input: r#"{"client":"203.0.113.9"}"#.to_owned(),
                verdict: r#"{"because":"red-attribute"}"#.to_owned(),
                micros: 3,
            }),
            Write::StartShadow { version: version("v2"), files: std::collections::BTreeMap::new() },
            Write::CountShadow {
                version: version("v2"),
                tally: ShadowTally::default(),
                differences: vec![DifferenceRow {
                    at: at(0),
                    case: case_id("c").handle(),
                    version: version("v1"),
                    hook: "open".to_owned(),
                    change: "weaker".to_owned(),
                    input: r#"{"client":"203.0.113.9"}"#.to_owned(),
                    verdict: r#"{"because":"red-attribute"}"#.to_owned(),
                    shadow: r#"{"because":"red-attribute"}"#.to_owned(),
                }],
            },
            charge("alice.private@mail.example"),
            charge("+14155550123"),
            charge("203.0.113.9"),
            entry("case.opened"),
        ],
    )
    .await;
}

#[test]
fn no_file_holds_a_secret_or_an_address() {
    run(async {
        let bench = Bench::new();
        let store = {
            fill(&bench).await;
            bench.open()
        };
        commit(&store, [Write::UpdateCase { row: case_row("c", "alice"), revision: 1 }]).await;
        let bytes = bench.bytes();
        // The search works: what is meant to be in clear is found.
        assert!(found(&bytes, "case.opened") && found(&bytes, "proving"));
        for secret in SECRETS.into_iter().chain(["a-token-in-clear"]) {
            assert!(!found(&bytes, secret), "{secret}");
        }
        assert_eq!(store.case(&case_id("c")).await.unwrap().unwrap().row, case_row("c", "alice"));
    });
}

#[test]
fn a_sealed_value_in_another_row_does_not_open() {
    run(async {
        let bench = Bench::new();
        let store = bench.open();
        let accounts = ["alice", "mallory"].map(|name| Write::InsertAccount(account(name)));
        commit(&store, accounts).await;
        commit(&store, [add_device("d", "alice"), add_device("e", "mallory")]).await;
        commit(&store, ["c", "k"].map(|id| Write::InsertCase(case_row(id, "alice")))).await;
        let raw = bench.raw();
        for sql in [
            "UPDATE devices SET secret = (SELECT secret FROM devices WHERE id = 'e') WHERE id = 'd'",
            "UPDATE accounts SET body = (SELECT body FROM accounts WHERE id = 'mallory') WHERE id = 'alice'",
            "UPDATE cases SET body = (SELECT body FROM cases WHERE id = 'k') WHERE id = 'c'",
        ] {
            assert_eq!(raw.execute(sql, []).unwrap(), 1);
        }
        refused!(store.device_secret(&device_id("d")).await, StoreError::Seal { table: "devices", .. });
        refused!(
            store.account(&account_id("alice"), at(0)).await,
            StoreError::Seal { table: "accounts", .. }
        );
        refused!(store.case(&case_id("c")).await, StoreError::Seal { table: "cases", .. });
    });
}

#[test]
fn another_keyring_does_not_open_the_database() {
    run(async {
        let bench = Bench::new();
        fill(&bench).await;
        let other = Bench::new();
        let result = readmit_store::SqliteStore::open(&bench.options(), other.keyring.clone());
        refused!(result.map(|_| ()), StoreError::Seal { table: "secrets", .. });
        bench.open();
    });
}
