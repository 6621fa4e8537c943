//! Where challenges and notices of a case go.

use serde::{Deserialize, Serialize};

use crate::address::{Address, EmailAddress, PhoneNumber};
use crate::factor::Factor;

/// The addresses that count in a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Where e-mail challenges go.
    pub email: Option<EmailAddress>,
    /// Where calls go.
    pub phone: Option<PhoneNumber>,
    /// Further numbers, in the order in which a policy may have them called.
    #[serde(default)]
    pub other_phones: Vec<PhoneNumber>,
    /// Recovery contacts, in the order in which they are asked.
    #[serde(default)]
    pub contacts: Vec<EmailAddress>,
    /// Everyone who is told.
    pub notices: Vec<EmailAddress>,
}

impl Addresses {
    /// Where a challenge of this factor goes, after so many deliveries: whoever has it sent again asks the next
    /// recovery contact, and after the last one the first. `number` says which telephone, counted in the same way.
    #[must_use]
    pub fn of(&self, factor: &Factor, sends: u32, number: u32) -> Option<Address> {
        match factor {
            Factor::Email => self.email.clone().map(Address::Email),
            Factor::Contact => self.contacts.iter().cycle().nth(sends as usize).cloned().map(Address::Email),
            Factor::Voice | Factor::Channel(_) => {
                let mut numbers = self.phone.iter().chain(&self.other_phones).cycle();
                numbers.nth(number as usize).cloned().map(Address::Phone)
            }
            Factor::Password
            | Factor::RecoveryCode
            | Factor::Totp
            | Factor::Resync
            | Factor::Approval
            | Factor::Pass => None,
        }
    }
}
