//! `org.readmit.Authentication1`: normal sign-in, for front ends.

use std::sync::Arc;

use readmit_recovery::secret::Secret;
use zbus::message::Header;
use zbus::{Connection, interface};

use super::error::Error;
use super::gate::Gate;
use crate::meters::SignInMethod;
use crate::service::Service;

/// The interface for sign-in.
pub(super) struct Authentication {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Authentication {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Compares passwords and reads one-time passwords at sign-in.
#[interface(name = "org.readmit.Authentication1")]
impl Authentication {
    /// Reads a code of the account's device: accepted, rejected, resync_needed (right, but the device's clock is
    /// off) or throttled. A code is accepted once.
    #[zbus(out_args("result"))]
    async fn verify(
        &self,
        account: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let code = Secret::new(code);
                let verified = self.service.verify(&account, &code, &caller.actor()).await?;
                self.service.meters().signed_in(SignInMethod::Code, verified);
                Ok(verified.as_str().to_owned())
            })
            .await
    }

    /// Compares the account's password: accepted, rejected (also where there is no such account) or throttled (too many
    /// tries: wait, or recover). It is but one of two factors: read a code next, and say nothing of it before.
    #[zbus(out_args("result"))]
    async fn verify_password(
        &self,
        account: String,
        password: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let password = Secret::new(password);
                let verified = self.service.verify_password(&account, password, &caller.actor()).await?;
                self.service.meters().signed_in(SignInMethod::Password, verified);
                Ok(verified.as_str().to_owned())
            })
            .await
    }

    /// Puts a device whose codes are refused right, by two codes in a row; false if they are not.
    #[zbus(out_args("done"))]
    async fn resync(
        &self,
        account: String,
        first: String,
        second: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<bool, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let (first, second) = (Secret::new(first), Secret::new(second));
                self.service.resync(&account, &first, &second, &caller.actor()).await
            })
            .await
    }
}
