//! What must be on file for each factor to be proven.

use readmit_recovery::factor::Factor;
use readmit_recovery::facts::Facts;

/// Every factor that needs no plugin of its own.
pub(super) fn built_in() -> Vec<Factor> {
    use Factor as F;
    vec![
        F::Password,
        F::Email,
        F::Voice,
        F::RecoveryCode,
        F::Totp,
        F::Resync,
        F::Contact,
        F::Approval,
        F::Pass,
    ]
}

/// Whether it takes people to prove a factor.
pub(super) const fn needs_people(factor: &Factor) -> bool {
    matches!(factor, Factor::Approval | Factor::Pass)
}

/// Whether what is on file lets the person prove a factor. Approvals and passes come from people, who can always be
/// asked.
pub(super) fn is_on_file(factor: &Factor, facts: &Facts) -> bool {
    let account = &facts.account;
    match factor {
        Factor::Password => account.has.password,
        Factor::Email => account.email.as_ref().is_some_and(|email| email.verified_at.is_some()),
        Factor::Voice | Factor::Channel(_) => {
            account.phone.as_ref().is_some_and(|phone| phone.verified_at.is_some())
        }
        Factor::RecoveryCode => account.has.recovery_codes,
        Factor::Totp => account.has.other_devices,
        Factor::Resync => facts.device.is_some(),
        Factor::Contact => account.has.contacts,
        Factor::Approval | Factor::Pass => true,
    }
}

/// What is not on file where a factor cannot be proven, in words.
pub(super) const fn missing(factor: &Factor) -> &'static str {
    match factor {
        Factor::Password => "no password",
        Factor::Email => "no verified e-mail address",
        Factor::Voice | Factor::Channel(_) => "no verified phone number",
        Factor::RecoveryCode => "no recovery codes",
        Factor::Totp => "no other device",
        Factor::Resync => "no device",
        Factor::Contact => "no recovery contact",
        Factor::Approval | Factor::Pass => "nobody to ask",
    }
}
