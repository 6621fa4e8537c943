//! What follows from an event: commands for the service and records for the journal.

use std::collections::BTreeMap;

use crate::account::Device;
use crate::address::Address;
use crate::disposition::Disposition;
use crate::factor::Factor;
use crate::id::{DeliveryId, DeviceId};
use crate::secret::{Secret, SecretHash};
use crate::time::Timestamp;

/// Something that the service must do. Those that change the store are committed with the case; those that
/// deliver are put into the outbox by the same commit and done after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a message.
    SendMessage(Message),
    /// Place a call.
    PlaceCall(Call),
    /// Behave as if a delivery were made, and let it end like this: the account does not exist.
    PretendDelivery {
        /// Its id.
        id: DeliveryId,
        /// How it ends.
        disposition: Disposition,
        /// When.
        ends_at: Timestamp,
    },
    /// Call a delivery off, if it is still under way.
    CancelDelivery(DeliveryId),
    /// Remember a link's token by its hash.
    RegisterToken(Token),
    /// One more consecutive failure of this factor for the account.
    CountFailure(Factor),
    /// The factor was proven: the failures are no longer consecutive.
    ClearFailures(Factor),
    /// Sign-in no longer asks for the device.
    DeactivateDevice(DeviceId),
    /// Sign-in asks for the device again.
    ReactivateDevice(DeviceId),
    /// The device's entry goes.
    DeleteDevice(DeviceId),
    /// A new device is bound to the account.
    AddDevice {
        /// The device.
        device: Device,
        /// Its secret in base32.
        secret: Secret,
        /// Steps by which its clock is ahead.
        drift: i64,
        /// The last step that counts as used.
        last_step: u64,
    },
    /// Replace the account's recovery codes by the ones with these hashes.
    ReplaceRecoveryCodes(Vec<SecretHash>),
    /// Issue a pass that counts once, for this long, and only as its hash.
    IssuePass {
        /// The hash.
        hash: SecretHash,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Every session of the account is to end.
    RevokeSessions,
    /// Wake people up.
    RaiseAlert(&'static str),
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The idempotency key.
    pub id: DeliveryId,
    /// On which channel.
    pub channel: String,
    /// Where to.
    pub to: Address,
    /// What it is for; the channel's templates are chosen by it.
    pub purpose: Purpose,
    /// What the template says.
    pub fields: BTreeMap<&'static str, Secret>,
    /// When it is too late.
    pub deadline: Timestamp,
}

/// A call to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The idempotency key: a call with this id is placed at most once.
    pub id: DeliveryId,
    /// Where to.
    pub to: Address,
    /// How many digits are asked for.
    pub digits: u8,
    /// How often they may be wrong.
    pub tries: u32,
    /// When it is too late.
    pub deadline: Timestamp,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A code and a link to prove an address.
    Verification,
    /// Something happened to the account.
    Notice,
    /// A code for a recovery contact to hand over.
    Contact,
    /// A request to support.
    Ticket,
    /// A new device was enrolled.
    Enrolled,
    /// An access pass.
    Pass,
}

impl Purpose {
    /// The word for it in the plugin protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Notice => "notice",
            Self::Contact => "contact",
            Self::Ticket => "ticket",
            Self::Enrolled => "enrolled",
            Self::Pass => "pass",
        }
    }
}

/// A link's token, as the store remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its hash.
    pub hash: SecretHash,
    /// What it is good for.
    pub purpose: TokenPurpose,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPurpose {
    /// To prove an address in this challenge.
    Link {
        /// The challenge's number.
        challenge: u32,
    },
    /// To say "this was not me".
    Veto,
}

/// One line of the journal: what happened, without a secret or a whole address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What happened, in the past tense.
    pub kind: &'static str,
    /// Its circumstances.
    pub detail: Vec<(&'static str, String)>,
}
