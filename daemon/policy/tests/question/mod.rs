//! A question about an owner with everything on file, for tests and measurements to change as they like.

use std::collections::BTreeMap;

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{
    AccountFacts, Client, DeviceFacts, EmailFacts, Facts, Failure, Has, History, Hook, PhoneFacts, Question,
};
use readmit_recovery::id::{AccountId, CaseHandle, DeviceId};
use readmit_recovery::time::Timestamp;

/// 2026-11-22T12:00:00Z.
pub const NOW: u64 = 1_795_348_800;

/// The question for a hook.
pub fn question(hook: Hook) -> Question {
    let failure = Failure {
        factor: Factor::Voice,
        disposition: Disposition::NoAnswer,
        count: 1,
        at: Timestamp::from_unix(NOW),
    };
    Question {
        hook,
        case: CaseHandle::from_random([7; 16]),
        reason: Reason::Lost,
        facts: facts(),
        proven: match hook {
            Hook::Open => vec![],
            Hook::Proved => vec![Factor::Password],
            Hook::Failed => vec![Factor::Password, Factor::Email],
            Hook::Recovered => vec![Factor::Password, Factor::Email, Factor::Voice],
        },
        failures: if hook == Hook::Failed { vec![failure.clone()] } else { vec![] },
        factor: (hook == Hook::Proved).then_some(Factor::Password),
        failure: (hook == Hook::Failed).then_some(failure),
        now: Timestamp::from_unix(NOW),
    }
}

fn facts() -> Facts {
    let day = 86_400;
    Facts {
        account: AccountFacts {
            id: account(),
            realm: "example".to_owned(),
            kind: "owner".to_owned(),
            groups: vec!["staff".to_owned(), "billing".to_owned()],
            attributes: BTreeMap::from([("tier".to_owned(), "gold".to_owned())]),
            created_at: Timestamp::from_unix(NOW - 900 * day),
            email: Some(EmailFacts {
                domain: "example.org".to_owned(),
                verified_at: Some(Timestamp::from_unix(NOW - 800 * day)),
                changed_at: None,
                same_mailbox_as_account: false,
            }),
            phone: Some(PhoneFacts {
                country: "US".to_owned(),
                verified_at: Some(Timestamp::from_unix(NOW - 700 * day)),
                changed_at: Some(Timestamp::from_unix(NOW - 701 * day)),
                on_lost_device: false,
            }),
            has: Has { password: true, recovery_codes: true, other_devices: false, contacts: true },
        },
        device: Some(DeviceFacts {
            id: device(),
            form: Form::Virtual,
            label: "Phone".to_owned(),
            enrolled_at: Timestamp::from_unix(NOW - 600 * day),
        }),
        client: Client {
            address: Some("192.0.2.7".to_owned()),
            user_agent: Some(
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
            ),
            locale: Some("en-US".to_owned()),
            known: true,
        },
        history: History { opened_24h: 1, failed_24h: 2, recovered_90d: 0, last_recovered_at: None },
    }
}

#[cfg_attr(not(test), expect(clippy::expect_used, reason = "a constant that is an id"))]
fn account() -> AccountId {
    AccountId::parse("alice").expect("a plain name")
}

#[cfg_attr(not(test), expect(clippy::expect_used, reason = "a constant that is an id"))]
fn device() -> DeviceId {
    DeviceId::parse("device-1").expect("a plain name")
}
