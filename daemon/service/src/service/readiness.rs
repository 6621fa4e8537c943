//! Readiness: which accounts the policy in force would leave without a way back, before they need one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use readmit_policy::PolicySet;
use readmit_policy::workbench::{NOW, Start};
use readmit_recovery::account::Reason;
use readmit_recovery::case::State;
use readmit_recovery::facts::{EmailFacts, Facts, PhoneFacts};
use readmit_recovery::id::AccountId;
use readmit_recovery::plan::{Atom, Plan};
use readmit_recovery::rules::Rules;
use readmit_recovery::time::Timestamp;
use readmit_store::{AccountFilter, Page};

use super::explaining::{Imagined, imagine, plan_of};
use super::facts::{Subject, known};
use super::limits::{READINESS_PAGE, READINESS_TOGETHER};
use super::on_file::{is_on_file, missing, needs_people};
use super::{Fault, OpenContext, Service, now, parse_account};

/// Which accounts are looked at.
#[derive(Clone, Debug, Default)]
pub struct ReadinessFilter {
    /// Only those of this realm.
    pub realm: Option<String>,
    /// Only those of this kind.
    pub kind: Option<String>,
}

/// Whether an account has a way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The account.
    pub account: AccountId,
    /// Its realm.
    pub realm: String,
    /// Its kind.
    pub kind: String,
    /// What would happen for each reason.
    pub ways: BTreeMap<&'static str, Way>,
    /// Whether there is a way back for every reason.
    pub ready: bool,
    /// Whether nothing that could be put on file would make a way where there is none: the rules want it so.
    pub by_rule: bool,
    /// What is not on file. Each alone, put on file, makes every way that can be made; where it takes more than one
    /// thing, they stand in one text.
    pub missing: Vec<String>,
    /// Whom the account is sent to for want of a way, if to anybody.
    pub to: Option<String>,
    /// Why there is no way, as the policy says.
    pub because: Vec<String>,
}

/// What happens to a recovery of one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The person can prove the plan with what is on file.
    Alone,
    /// The plan takes an approval or a pass, and everything else in it is on file.
    WithPeople,
    /// There is a plan, and what it asks for is not on file.
    CannotProve,
    /// People decide.
    Escalate,
    /// It is denied.
    Deny,
    /// The policy fails, and support decides.
    Failing,
}

impl Way {
    /// The word for it on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::WithPeople => "with_people",
            Self::CannotProve => "cannot_prove",
            Self::Escalate => "escalate",
            Self::Deny => "deny",
            Self::Failing => "failing",
        }
    }

    const fn leads_back(self) -> bool {
        matches!(self, Self::Alone | Self::WithPeople)
    }
}

impl Service {
    /// Looks at accounts, behind one on, in the order of their ids; fewer than `limit` come at the end. What is asked
    /// of the policy is not logged: no case is opened.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`], [`Fault::Unavailable`].
    pub async fn readiness(
        &self,
        filter: ReadinessFilter,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Readiness>, Fault> {
        let at = now();
        let after = (!after.is_empty()).then(|| parse_account(after)).transpose()?;
        let filter = AccountFilter { realm: filter.realm, kind: filter.kind, text: None, after };
        let accounts = self.store.accounts(filter, Page::new(0, limit.min(READINESS_PAGE))).await?;
        let mut answer = Vec::with_capacity(accounts.len());
        for few in accounts.chunks(READINESS_TOGETHER) {
            let mut subjects = Vec::with_capacity(few.len());
            for account in few {
                // One that was removed since the list was made has no need of a way back.
                if let Some(record) = self.store.account(&account.id, at).await? {
                    subjects.push(known(&record, &OpenContext::default())?);
                }
            }
            let (set, rules) = (self.policy_host().current(), self.settings.rules.clone());
            let looked = tokio::task::spawn_blocking(move || {
                // What fails here fails for nobody yet.
                let _span = tracing::error_span!("readiness").entered();
                let asking = Asking { set, rules, at };
                subjects.iter().map(|subject| asking.readiness(subject)).collect::<Vec<_>>()
            });
            answer.extend(looked.await.map_err(|error| {
                tracing::error!(%error, "looking at accounts met a defect");
                Fault::internal()
            })?);
        }
        Ok(answer)
    }
}

/// Something that is not on file and could be.
#[derive(Clone, Copy)]
enum Mend {
    Password,
    Email,
    OtherMailbox,
    Phone,
    OtherPhone,
    RecoveryCodes,
    Contact,
    OtherDevice,
}

impl Mend {
    /// In the order in which they are looked at and told.
    const ALL: [Self; 8] = [
        Self::Password,
        Self::Email,
        Self::OtherMailbox,
        Self::Phone,
        Self::OtherPhone,
        Self::RecoveryCodes,
        Self::Contact,
        Self::OtherDevice,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Password => "no password",
            Self::Email => "no verified e-mail address",
            Self::OtherMailbox => "no e-mail address outside this account",
            Self::Phone => "no verified phone number",
            Self::OtherPhone => "no phone number that does not ring on the lost device",
            Self::RecoveryCodes => "no recovery codes",
            Self::Contact => "no recovery contact",
            Self::OtherDevice => "no other device",
        }
    }

    /// Whether it is not on file.
    fn applies(self, facts: &Facts) -> bool {
        let (account, has) = (&facts.account, &facts.account.has);
        match self {
            Self::Password => !has.password,
            Self::Email => account.email.is_none(),
            Self::OtherMailbox => account.email.as_ref().is_some_and(|email| email.same_mailbox_as_account),
            Self::Phone => account.phone.is_none(),
            Self::OtherPhone => account.phone.as_ref().is_some_and(|phone| phone.on_lost_device),
            Self::RecoveryCodes => !has.recovery_codes,
            Self::Contact => !has.contacts,
            Self::OtherDevice => !has.other_devices,
        }
    }

    /// Puts it on file, since the account has been there, as an account with everything has it.
    fn put(self, facts: &mut Facts, usual: &Facts) {
        let account = &mut facts.account;
        match self {
            Self::Password => account.has.password = true,
            Self::Email => account.email.clone_from(&usual.account.email),
            Self::OtherMailbox => {
                if let Some(email) = account.email.as_mut() {
                    email.same_mailbox_as_account = false;
                }
            }
            Self::Phone => account.phone.clone_from(&usual.account.phone),
            Self::OtherPhone => {
                if let Some(phone) = account.phone.as_mut() {
                    phone.on_lost_device = false;
                }
            }
            Self::RecoveryCodes => account.has.recovery_codes = true,
            Self::Contact => account.has.contacts = true,
            Self::OtherDevice => account.has.other_devices = true,
        }
    }
}

struct Asking {
    set: Arc<PolicySet>,
    rules: Rules,
    at: Timestamp,
}

impl Asking {
    fn readiness(&self, subject: &Subject) -> Readiness {
        let facts = &subject.facts;
        let mut ways = BTreeMap::new();
        let (mut to, mut because, mut absent) = (None, BTreeSet::new(), BTreeSet::new());
        let mut lost = Vec::new();
        for reason in Reason::ALL.iter().copied() {
            if reason == Reason::OutOfSync && facts.device.is_none() {
                continue;
            }
            let imagined = self.imagine(facts, reason);
            let (way, case) = (way(&imagined, facts), imagined.case);
            ways.insert(reason.as_str(), way);
            if way.leads_back() {
                continue;
            }
            lost.push(reason);
            match &case.state {
                State::Escalated { to: whom, because: why } => {
                    to.get_or_insert_with(|| whom.clone());
                    because.insert(why.clone());
                }
                State::Denied { because: why } => {
                    because.insert(why.clone());
                }
                _ => absent.extend(plan_of(&case).and_then(|plan| absent_in(plan, facts))),
            }
        }
        let mendable = self.mendable(facts, &lost);
        let mut missing = self.mends(facts, &mendable);
        if missing.is_empty() && !mendable.is_empty() {
            missing.extend(absent);
        }
        Readiness {
            account: facts.account.id.clone(),
            realm: facts.account.realm.clone(),
            kind: facts.account.kind.clone(),
            ready: lost.is_empty(),
            by_rule: !lost.is_empty() && mendable.is_empty(),
            ways,
            missing,
            to,
            because: because.into_iter().collect(),
        }
    }

    fn imagine(&self, facts: &Facts, reason: Reason) -> Imagined {
        let subject = Subject {
            standing: readmit_recovery::case::Standing::Known,
            facts: facts.clone(),
            addresses: readmit_recovery::case::Addresses::default(),
            device: facts.device.as_ref().map(|device| device.id.clone()),
        };
        imagine(&self.set, &self.rules, subject, reason, self.at)
    }

    /// The reasons for which there would be a way if everything were on file.
    fn mendable(&self, facts: &Facts, lost: &[Reason]) -> Vec<Reason> {
        let whole = self.with(facts, &Mend::ALL);
        lost.iter().copied().filter(|reason| self.leads_back(&whole, *reason)).collect()
    }

    /// What makes a way for all of these reasons: each thing that does it alone, or else one set of things of which
    /// none can be left out.
    fn mends(&self, facts: &Facts, lost: &[Reason]) -> Vec<String> {
        if lost.is_empty() {
            return Vec::new();
        }
        let mends = |chosen: &[Mend]| {
            let mended = self.with(facts, chosen);
            lost.iter().all(|reason| self.leads_back(&mended, *reason))
        };
        let absent: Vec<Mend> = Mend::ALL.into_iter().filter(|mend| mend.applies(facts)).collect();
        let alone: Vec<String> =
            absent.iter().filter(|mend| mends(&[**mend])).map(|mend| mend.words().to_owned()).collect();
        if !alone.is_empty() {
            return alone;
        }
        // From the last one on, so that what is usual stays.
        let mut needed = absent;
        for at in (0..needed.len()).rev() {
            let mut fewer = needed.clone();
            fewer.remove(at);
            if mends(&fewer) {
                needed = fewer;
            }
        }
        if !mends(&needed) {
            return Vec::new();
        }
        let words: Vec<&str> = needed.into_iter().map(Mend::words).collect();
        vec![words.join(" and ")]
    }

    fn leads_back(&self, facts: &Facts, reason: Reason) -> bool {
        way(&self.imagine(facts, reason), facts).leads_back()
    }

    /// The facts with these things on file.
    fn with(&self, facts: &Facts, mends: &[Mend]) -> Facts {
        let mut mended = facts.clone();
        let Ok(start) = Start::complete(&facts.account.realm) else { return mended };
        let usual = since(start.facts, self.at);
        for mend in mends.iter().filter(|mend| mend.applies(facts)) {
            mend.put(&mut mended, &usual);
        }
        mended
    }
}

/// What the usual account has on file, as long before this time as it was before the time of made-up cases.
fn since(mut usual: Facts, at: Timestamp) -> Facts {
    let moved = |time: Timestamp| Timestamp::from_unix(at.unix().saturating_sub(NOW.since(time).as_secs()));
    let email = |mut email: EmailFacts| {
        email.verified_at = email.verified_at.map(moved);
        email
    };
    let phone = |mut phone: PhoneFacts| {
        phone.verified_at = phone.verified_at.map(moved);
        phone
    };
    usual.account.email = usual.account.email.map(email);
    usual.account.phone = usual.account.phone.map(phone);
    usual
}

fn way(imagined: &Imagined, facts: &Facts) -> Way {
    if let Some(plan) = plan_of(&imagined.case) {
        let sets = plan.minimal_sets();
        let mut provable = sets.iter().filter(|set| set.iter().all(|atom| is_there(atom, facts)));
        let Some(first) = provable.next() else { return Way::CannotProve };
        let alone = |set: &BTreeSet<Atom>| !set.iter().any(takes_people);
        return if alone(first) || provable.any(alone) { Way::Alone } else { Way::WithPeople };
    }
    match &imagined.case.state {
        State::Denied { .. } => Way::Deny,
        _ if imagined.cause.is_some() => Way::Failing,
        _ => Way::Escalate,
    }
}

fn is_there(atom: &Atom, facts: &Facts) -> bool {
    match atom {
        Atom::Factor(factor) => is_on_file(factor, facts),
        Atom::Approvals(_) => true,
    }
}

const fn takes_people(atom: &Atom) -> bool {
    match atom {
        Atom::Factor(factor) => needs_people(factor),
        Atom::Approvals(_) => true,
    }
}

/// What the plan asks for and is not on file, in the set that lacks least.
fn absent_in(plan: &Plan, facts: &Facts) -> Option<String> {
    let lacks = |set: &BTreeSet<Atom>| -> Vec<&'static str> {
        let absent = set.iter().filter(|atom| !is_there(atom, facts)).filter_map(|atom| match atom {
            Atom::Factor(factor) => Some(missing(factor)),
            Atom::Approvals(_) => None,
        });
        let words: BTreeSet<&'static str> = absent.collect();
        words.into_iter().collect()
    };
    let least = plan.minimal_sets().iter().map(lacks).min_by_key(Vec::len)?;
    Some(least.join(" and "))
}
