//! `org.readmit.Store1`: backups and keys, for administrators.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use readmit_store::{KeyPart, KeyState};
use zbus::message::Header;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::action::Action;
use super::dict::{Dict, In, Out};
use super::error::Error;
use super::gate::Gate;
use crate::service::{Fault, KeyStatus, Rotation, Service};

/// The interface for the store.
pub(super) struct Store {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Store {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Makes backups and replaces keys.
#[interface(name = "org.readmit.Store1")]
impl Store {
    /// Writes a backup into an empty file that the caller has open, while everything goes on: made_at t, schema x,
    /// bytes t, sha256 s, seq t, hash s, signature s, public_key s. One at a time.
    #[zbus(out_args("manifest"))]
    async fn backup(
        &self,
        file: zbus::OwnedFd,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(Action::StoreBackup, connection, &header, |caller| async move {
                let file = File::from(OwnedFd::from(file));
                refuse_other_than_empty_file(&file)?;
                let made = self.service.back_up(file, &caller.actor()).await?;
                Ok(Out::new()
                    .put("made_at", made.made_at)
                    .put("schema", made.schema)
                    .put("bytes", made.bytes)
                    .put("sha256", hex::encode(made.sha256))
                    .put("seq", made.seq)
                    .put("hash", hex::encode(made.hash))
                    .put("signature", hex::encode(made.signature))
                    .put("public_key", hex::encode(made.public_key))
                    .done())
            })
            .await
    }

    /// Replaces a key: which s (data, root or sign_in; data unless said). Rows are sealed again meanwhile, and Keys shows
    /// how far that is: key s, and what Keys gives.
    #[zbus(out_args("status"))]
    async fn rotate_key(
        &self,
        options: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        let mut options = In::new("options", options);
        let which = options.text("which")?;
        options.finish()?;
        let rotation = match which.as_deref() {
            None | Some("data") => Rotation::Data,
            Some("root") => Rotation::Root,
            Some("sign_in") => Rotation::SignIn,
            Some(_) => return Err(Fault::invalid("which: use data, root or sign_in").into()),
        };
        self.gate
            .admin(Action::StoreRotateKey, connection, &header, |caller| async move {
                let key = self.service.rotate(rotation, &caller.actor()).await?;
                Ok(shown(&self.service.key_status()).put("key", key).done())
            })
            .await
    }

    /// The keys: keys aa{sv} (key s, part s: current, root or old), resealing b, resealed t, can_change_root b.
    #[zbus(out_args("status"))]
    async fn keys(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(Action::StoreKeys, connection, &header, |_caller| async move {
                Ok(shown(&self.service.key_status()).done())
            })
            .await
    }
}

/// A pipe could keep a backup waiting for ever, and what is in a file already would pass for part of it.
fn refuse_other_than_empty_file(file: &File) -> Result<(), Fault> {
    let found = file.metadata().map_err(|_| Fault::invalid("the file cannot be looked at"))?;
    if found.is_file() && found.len() == 0 {
        return Ok(());
    }
    Err(Fault::invalid("a backup is written into an empty file: make a new one, and open it for writing"))
}

fn shown(status: &KeyStatus) -> Out {
    let key = |key: &KeyState| {
        let part = match key.part {
            KeyPart::Current => "current",
            KeyPart::Root => "root",
            KeyPart::Old => "old",
        };
        Out::new().put("key", key.id.to_string()).put("part", part).done()
    };
    Out::new()
        .put("keys", status.keys.iter().map(key).collect::<Vec<_>>())
        .put("resealing", status.resealing)
        .put("resealed", status.resealed)
        .put("can_change_root", status.can_change_root)
}
