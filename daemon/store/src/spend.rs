//! What works once.

use readmit_recovery::id::{AccountId, DeviceId};
use readmit_recovery::secret::SecretHash;

/// Something that works once.
#[derive(Clone, Debug)]
pub enum Spend {
    /// A recovery code.
    RecoveryCode {
        /// Whose.
        account: AccountId,
        /// The hash of the code.
        hash: SecretHash,
    },
    /// An access pass that has not expired.
    Pass {
        /// Whose.
        account: AccountId,
        /// The hash of the pass.
        hash: SecretHash,
    },
    /// A link's token that has not expired.
    Token {
        /// The hash of the token.
        hash: SecretHash,
    },
    /// A time step of an active device: only one later than the last (RFC 6238 §5.2).
    TotpStep {
        /// The device.
        device: DeviceId,
        /// The step that the code was found at.
        step: u64,
    },
}
