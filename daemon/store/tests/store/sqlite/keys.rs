//! New keys that the database keeps, under a keyring that may only be readable.

use std::sync::Arc;

use readmit_store::{By, KeyId, KeyPart, Keyring, RetiredKey, SqliteStore, Store, StoreError, Write};

use super::Bench;
use crate::kit::*;

fn by() -> By {
    By { at: at(0), actor: "uid:0".to_owned() }
}

async fn reseal_all(store: &SqliteStore) {
    loop {
        if store.reseal(100).await.unwrap().finished {
            match store.forget_old_keys(&by()).await {
                Err(StoreError::KeysInUse) => {}
                forgotten => return drop(forgotten.unwrap()),
            }
        }
    }
}

fn parts(store: &SqliteStore) -> Vec<(String, KeyPart)> {
    store.keys().into_iter().map(|key| (key.id.to_string(), key.part)).collect()
}

async fn holds(store: &SqliteStore) {
    let record = store.account(&account_id("alice"), at(0)).await.unwrap().unwrap();
    assert_eq!(record.account, account("alice"));
    assert_eq!(store.verify_journal().await.unwrap().broken, None);
}

#[test]
fn a_key_is_replaced_without_touching_the_keyring() {
    run(async {
        let bench = Bench::new();
        let file = bench.path().with_file_name("keyring");
        let before = std::fs::read(&file).unwrap();
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, [Write::InsertAccount(account("alice")), entry("x")]).await;
        let name = |number: u32| format!("data {number}");
        assert_eq!(store.rotate_key(&by()).await.unwrap(), KeyId::FIRST_DATA);
        refused!(store.forget_old_keys(&by()).await, StoreError::KeysInUse);
        reseal_all(&store).await;
        assert_eq!(parts(&store), [("root 1".to_owned(), KeyPart::Root), (name(1), KeyPart::Current)]);
        store.rotate_key(&by()).await.unwrap();
        let with_both =
            [("root 1".to_owned(), KeyPart::Root), (name(1), KeyPart::Old), (name(2), KeyPart::Current)];
        assert_eq!(parts(&store), with_both);
        // Whenever it dies, the next start goes on.
        drop((store, as_store));
        let fresh = || Arc::new(Keyring::load(&file).unwrap());
        let store = SqliteStore::open(&bench.anchored(), fresh()).unwrap();
        assert_eq!(parts(&store), with_both);
        holds(&store).await;
        reseal_all(&store).await;
        assert_eq!(parts(&store), [with_both[0].clone(), with_both[2].clone()]);
        drop(store);
        let store = SqliteStore::open(&bench.anchored(), fresh()).unwrap();
        holds(&store).await;
        let kinds = store.journal(at(0), 0, 99).await.unwrap();
        let kinds: Vec<_> = kinds.iter().map(|row| row.entry.kind.as_str()).collect();
        assert_eq!(kinds, ["x", "key.rotated", "key.rotated", "key.forgotten"]);
        assert_eq!(std::fs::read(&file).unwrap(), before, "the keyring's file is as it was");
    });
}

#[test]
fn a_new_root_key_opens_what_the_database_keeps() {
    run(async {
        let bench = Bench::new();
        let file = bench.path().with_file_name("keyring");
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, [Write::InsertAccount(account("alice"))]).await;
        store.rotate_key(&by()).await.unwrap();
        assert!(store.can_change_root());
        assert_eq!(store.rotate_root(&by()).await.unwrap(), KeyId(2));
        reseal_all(&store).await;
        let wanted = [("root 2".to_owned(), KeyPart::Root), ("data 1".to_owned(), KeyPart::Current)];
        assert_eq!(parts(&store), wanted);
        drop((store, as_store));
        let store = SqliteStore::open(&bench.anchored(), Arc::new(Keyring::load(&file).unwrap())).unwrap();
        holds(&store).await;
        assert_eq!(parts(&store), wanted);
    });
}

/// The keyring as a credential: an administrator adds a key, restarts, and takes the old one away.
#[test]
fn a_root_key_is_replaced_from_outside() {
    run(async {
        let bench = Bench::new();
        let file = bench.path().with_file_name("keyring");
        let store = bench.try_open_anchored().unwrap();
        let as_store: Arc<dyn Store> = store.clone();
        commit(&as_store, [Write::InsertAccount(account("alice"))]).await;
        store.rotate_key(&by()).await.unwrap();
        drop((store, as_store));
        let pipe = |text: &str| Arc::new(Keyring::from_pipe(text.as_bytes()).unwrap());
        let old = std::fs::read_to_string(&file).unwrap();
        let both = pipe(&old).with_new_key().unwrap();
        let store = SqliteStore::open(&bench.anchored(), pipe(&both)).unwrap();
        assert!(!store.can_change_root());
        holds(&store).await;
        reseal_all(&store).await;
        drop(store);
        let new = pipe(&both).without_old_keys();
        assert_eq!(new.lines().count(), 2);
        let store = SqliteStore::open(&bench.anchored(), pipe(&new)).unwrap();
        holds(&store).await;
        drop(store);
        let refused = SqliteStore::open(&bench.anchored(), pipe(&old)).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Seal { .. }), "{refused}");
    });
}

#[test]
fn the_key_of_sign_ins_is_replaced_and_the_old_one_known_for_a_while() {
    run(async {
        let bench = Bench::new();
        let store = bench.try_open_anchored().unwrap();
        let before = store.sign_in_key();
        let retired = RetiredKey { public_key: [5; 32], until: at(100) };
        let seed = store.rotate_sign_in_key(&by(), retired).await.unwrap();
        assert_ne!(before, *seed);
        assert_eq!(store.sign_in_key(), *seed);
        assert_eq!(store.retired_sign_in_keys(at(99)).await.unwrap(), [retired]);
        assert_eq!(store.retired_sign_in_keys(at(100)).await.unwrap(), []);
        drop(store);
        assert_eq!(bench.try_open_anchored().unwrap().sign_in_key(), *seed);
    });
}
