//! Devices.

use readmit_recovery::account::DeviceStatus;
use readmit_store::{CommitError, Spend, What, Write};

use crate::kit::*;

pub async fn a_device_is_what_was_added(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice")), add_device("d", "alice")]).await;
    let record = store.device(&device_id("d")).await.unwrap().unwrap();
    assert_eq!((record.device, record.drift, record.last_step), (device("d", "alice"), 0, 100));
    let secret = store.device_secret(&device_id("d")).await.unwrap().unwrap();
    assert_eq!(secret.expose(), "JBSWY3DPEHPK3PXPd");

    let status = Write::DeviceStatus { id: device_id("d"), status: DeviceStatus::Deactivated };
    commit(&store, [status, add_device("e", "alice")]).await;
    let devices = store.devices(&account_id("alice")).await.unwrap();
    let found: Vec<_> =
        devices.iter().map(|record| (record.device.id.as_str(), record.device.status)).collect();
    assert_eq!(found, [("d", DeviceStatus::Deactivated), ("e", DeviceStatus::Active)]);

    commit(&store, [Write::DeleteDevice(device_id("d"))]).await;
    assert!(store.device(&device_id("d")).await.unwrap().is_none());
    assert!(store.device_secret(&device_id("d")).await.unwrap().is_none());
}

pub async fn a_device_needs_its_account_and_a_new_id(make: Make) {
    let store = make();
    refused!(attempt(&store, add_device("d", "alice")).await, CommitError::NotFound);
    for name in ["alice", "bob"] {
        commit(&store, [Write::InsertAccount(account(name))]).await;
    }
    commit(&store, [add_device("d", "alice")]).await;
    refused!(attempt(&store, add_device("d", "bob")).await, CommitError::Exists);
}

pub async fn a_device_that_is_not_there_cannot_be_changed(make: Make) {
    let store = make();
    let id = || device_id("d");
    let active = Write::DeviceStatus { id: id(), status: DeviceStatus::Active };
    let drift = Write::SetDrift { id: id(), drift: 1, last_step: 1 };
    for write in [active, Write::DeleteDevice(id()), drift] {
        refused!(attempt(&store, write).await, CommitError::NotFound);
    }
}

pub async fn drift_never_takes_the_step_back(make: Make) {
    let store = make();
    commit(&store, [Write::InsertAccount(account("alice")), add_device("d", "alice")]).await;
    let drift = |drift, last_step| Write::SetDrift { id: device_id("d"), drift, last_step };
    refused!(attempt(&store, drift(-9, 99)).await, CommitError::Spent(What::TotpStep));
    commit(&store, [drift(-9, 100)]).await;
    let spend = Write::Spend(Spend::TotpStep { device: device_id("d"), step: 105 });
    commit(&store, [spend.clone(), drift(-8, 105)]).await;
    let record = store.device(&device_id("d")).await.unwrap().unwrap();
    assert_eq!((record.drift, record.last_step), (-8, 105));
    refused!(
        store.commit(change(at(0), vec![spend, drift(-8, 105)])).await,
        CommitError::Spent(What::TotpStep)
    );
}
