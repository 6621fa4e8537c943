//! Made-up cases, by which a policy shows a misspelt word before a person meets it.
//!
//! They are no tests of what the policy decides: they only walk as many of its branches as simple facts can reach.

use std::collections::BTreeMap;

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{
    AccountFacts, Client, DeviceFacts, EmailFacts, Facts, Failure, Has, History, Hook, PhoneFacts, Question,
};
use readmit_recovery::id::{AccountId, CaseHandle, DeviceId};
use readmit_recovery::time::Timestamp;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_unix(1_767_225_600);
/// A year before.
const THEN: Timestamp = Timestamp::from_unix(1_735_689_600);

/// What a made-up account has.
#[derive(Clone, Copy)]
enum Standing {
    /// Everything, a virtual device.
    Complete,
    /// Everything, a hardware device.
    Hardware,
    /// Everything, the phone on the device that is gone, and no recovery codes.
    PhoneLost,
    /// Nothing at all.
    Bare,
}

/// About a hundred questions to every hook.
pub(crate) fn questions(realm: &str) -> Vec<Question> {
    let mut questions = Vec::new();
    for standing in [Standing::Complete, Standing::Hardware, Standing::PhoneLost, Standing::Bare] {
        for kind in ["owner", "member"] {
            let Some(facts) = facts(realm, kind, standing) else {
                return Vec::new();
            };
            for reason in Reason::ALL {
                let ask = |hook| question(hook, *reason, facts.clone());
                questions.extend([ask(Hook::Open), ask(Hook::Recovered)]);
            }
            questions.extend(later(&facts));
        }
    }
    questions
}

/// Questions on the way: what is proven, what failed.
fn later(facts: &Facts) -> Vec<Question> {
    let mut questions = Vec::new();
    for factor in [Factor::Password, Factor::Email, Factor::Voice] {
        let mut proved = question(Hook::Proved, Reason::Lost, facts.clone());
        proved.proven = vec![factor.clone()];
        proved.factor = Some(factor.clone());
        questions.push(proved);
        for count in [1, 3] {
            let failure =
                Failure { factor: factor.clone(), disposition: Disposition::NoAnswer, count, at: NOW };
            let mut failed = question(Hook::Failed, Reason::Lost, facts.clone());
            failed.failures = vec![failure.clone()];
            failed.failure = Some(failure);
            questions.push(failed);
        }
    }
    questions
}

fn question(hook: Hook, reason: Reason, facts: Facts) -> Question {
    Question {
        hook,
        case: CaseHandle::from_random([0; 16]),
        reason,
        facts,
        proven: if hook == Hook::Recovered { vec![Factor::Password, Factor::Email] } else { Vec::new() },
        failures: Vec::new(),
        factor: None,
        failure: None,
        now: NOW,
    }
}

fn facts(realm: &str, kind: &str, standing: Standing) -> Option<Facts> {
    let has_all = !matches!(standing, Standing::Bare);
    let loses_phone = matches!(standing, Standing::PhoneLost);
    let form = if matches!(standing, Standing::Hardware) { Form::Hardware } else { Form::Virtual };
    let device = DeviceFacts {
        id: DeviceId::parse("probe").ok()?,
        form,
        label: "probe".to_owned(),
        enrolled_at: THEN,
    };
    let email = EmailFacts {
        domain: "example.org".to_owned(),
        verified_at: Some(THEN),
        changed_at: Some(THEN),
        same_mailbox_as_account: loses_phone,
    };
    let phone = PhoneFacts {
        country: "US".to_owned(),
        verified_at: Some(THEN),
        changed_at: Some(THEN),
        on_lost_device: loses_phone,
    };
    let account = AccountFacts {
        id: AccountId::parse("probe").ok()?,
        realm: realm.to_owned(),
        kind: kind.to_owned(),
        groups: Vec::new(),
        attributes: BTreeMap::new(),
        created_at: THEN,
        email: has_all.then_some(email),
        phone: has_all.then_some(phone),
        has: Has {
            password: has_all,
            recovery_codes: has_all && !loses_phone,
            other_devices: has_all,
            contacts: has_all,
        },
    };
    Some(Facts {
        account,
        device: has_all.then_some(device),
        client: Client::default(),
        history: History::default(),
    })
}
