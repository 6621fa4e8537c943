//! What a front end says about the client when it opens a case.

use readmit_recovery::facts::Client;
use readmit_recovery::id::DeviceId;
use readmit_recovery::secret::Secret;

/// The context of an opening, all of it optional.
#[derive(Clone, Debug, Default)]
pub struct OpenContext {
    /// From where the recovery is asked.
    pub client: Client,
    /// A secret that the front end keeps in the browser that opens the case.
    pub browser: Option<Secret>,
    /// The device that is to be replaced, where the account has more than one.
    pub device: Option<DeviceId>,
}
