//! Explaining a decision: which lines made it, what they looked at, and why each factor is or is not asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use readmit_policy::workbench::Start;
use readmit_policy::workbench::verify::{Domain, Value, opening};
use readmit_policy::{Channels, Fact, PolicySet, Traced};
use readmit_recovery::account::Reason;
use readmit_recovery::case::{Case, Moment, Opening, State};
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Facts, Hook, Question};
use readmit_recovery::id::CaseId;
use readmit_recovery::plan::{Atom, Plan};
use readmit_recovery::rules::Rules;
use readmit_recovery::secret::Seed;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;

use super::facts::Subject;
use super::limits::{COUNTERFACTUALS, EXCERPT_AROUND, EXCERPT_CHARS, EXCERPT_LINES};
use super::on_file::{built_in, is_on_file, missing};
use super::{Fault, OpenContext, Service, facts, now, parse_account};

/// Why a recovery would open as it would.
#[derive(Clone, Debug)]
pub struct ExplanationDetail {
    /// The lines of functions that were run, as `file:line`, in order.
    pub lines: Vec<String>,
    /// The lines that led to the verdict, from the hook inwards.
    pub decided_at: Vec<String>,
    /// What was looked at, and what the policy saw.
    pub facts: Vec<(Fact, String)>,
    /// Every factor, and why it is or is not asked.
    pub factors: Vec<FactorExplained>,
    /// What would happen to the account once the fewest factors that are enough are proven; none where there is no
    /// plan.
    pub outcome: Option<Verdict>,
    /// The policy's text around the lines that were run.
    pub source: Vec<SourceLine>,
}

/// Why a factor is or is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorExplained {
    /// Which.
    pub factor: String,
    /// Whether the plan asks for it, be it as a choice.
    pub asked: bool,
    /// Why, in words.
    pub because: String,
}

/// A line of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// Its text; what is very long is cut.
    pub text: String,
    /// Whether it was run.
    pub ran: bool,
}

impl Service {
    /// Says of a recovery that were opened now, beyond what it would ask for, why. Changes nothing.
    ///
    /// # Errors
    /// [`Fault::NotFound`] for an unknown account; [`Fault::Unavailable`] if the policies cannot be watched.
    pub async fn explain_in_detail(
        &self,
        account: &str,
        reason: &str,
        context: &OpenContext,
    ) -> Result<ExplanationDetail, Fault> {
        let account = parse_account(account)?;
        let reason: Reason = reason.parse().map_err(Fault::invalid)?;
        let at = now();
        let record = self.store.account(&account, at).await?;
        let record = record.ok_or_else(|| Fault::NotFound(format!("there is no account `{account}`")))?;
        let subject = facts::known(&record, context)?;
        let set = self.policy_host().current();
        let (budget, channels) = self.policies.surroundings();
        let (cache, rules) = (Arc::clone(&self.watched), self.settings.rules.clone());
        let work = move || {
            let mut cached = cache.lock();
            let known = cached.take().filter(|known| known.version() == set.version());
            let watched = match known {
                Some(known) => known,
                None => PolicySet::watched(set.sources().clone(), budget, &channels).map(Arc::new)?,
            };
            *cached = Some(Arc::clone(&watched));
            drop(cached);
            Ok(Asking { watched: &watched, rules: &rules, channels: &channels, at }.detail(subject, reason))
        };
        let worked: Result<Result<_, readmit_policy::LoadError>, _> = tokio::task::spawn_blocking(work).await;
        match worked {
            Ok(Ok(detail)) => Ok(detail),
            Ok(Err(error)) => {
                tracing::error!(%error, "the policies in force cannot be watched");
                Err(Fault::internal())
            }
            Err(error) => {
                tracing::error!(%error, "explaining met a defect");
                Err(Fault::internal())
            }
        }
    }
}

/// A case as it would open.
pub(super) struct Imagined {
    pub(super) case: Case,
    /// Why no policy could decide, where none could.
    pub(super) cause: Option<String>,
    /// How long the policy took, in microseconds.
    pub(super) micros: u64,
}

/// Opens a case of which nothing is kept.
pub(super) fn imagine(
    set: &PolicySet,
    rules: &Rules,
    subject: Subject,
    reason: Reason,
    at: Timestamp,
) -> Imagined {
    let mut micros = 0;
    let mut policy = |question: &Question| {
        let decision = set.decide(question);
        micros = decision.micros;
        decision.verdict
    };
    let opening = Opening {
        id: CaseId::from_random([0; 16]),
        account: subject.facts.account.id.clone(),
        standing: subject.standing,
        reason,
        policy: set.version().clone(),
        facts: subject.facts,
        addresses: subject.addresses,
        device: subject.device,
        browser: None,
    };
    // No code and no token of this case is ever given to anybody.
    let moment = Moment { now: at, seed: Seed::new([0; 32]), rules, policy: &mut policy };
    let opened = Case::open(opening, moment);
    let failed = opened.records.iter().find(|record| record.kind == "policy_failed");
    let cause = failed.and_then(|record| record.detail.iter().find(|(name, _)| *name == "cause"));
    Imagined { case: opened.case, cause: cause.map(|(_, text)| text.clone()), micros }
}

/// The plan that a case would be asked to follow; none where people or nobody decides.
pub(super) fn plan_of(case: &Case) -> Option<&Plan> {
    case.plan.as_ref().filter(|_| case.state == State::Proving)
}

struct Asking<'a> {
    watched: &'a PolicySet,
    rules: &'a Rules,
    channels: &'a Channels,
    at: Timestamp,
}

impl Asking<'_> {
    fn detail(&self, subject: Subject, reason: Reason) -> ExplanationDetail {
        let facts = subject.facts.clone();
        let question = self.question(Hook::Open, facts.clone(), reason);
        let traced = self.watched.decide_traced(&question);
        let case = imagine(self.watched, self.rules, subject, reason, self.at).case;
        let plan = plan_of(&case);
        ExplanationDetail {
            lines: traced.lines.iter().map(|(file, line)| format!("{file}:{line}")).collect(),
            decided_at: traced.way.clone(),
            facts: traced.facts.iter().map(|fact| (*fact, shown(*fact, &question))).collect(),
            factors: self.factors(plan, &facts, reason, &traced),
            outcome: plan.map(|plan| self.outcome(plan, &facts, reason)),
            source: excerpt(self.watched, &traced.lines),
        }
    }

    fn question(&self, hook: Hook, facts: Facts, reason: Reason) -> Question {
        let start = Start { reason, facts };
        Question { hook, now: self.at, ..opening(&start) }
    }

    /// What happens to the account once the fewest factors that are enough are proven.
    fn outcome(&self, plan: &Plan, facts: &Facts, reason: Reason) -> Verdict {
        let weakest = plan.minimal_sets().into_iter().min_by_key(BTreeSet::len).unwrap_or_default();
        let named = plan.atoms().into_iter().filter(|atom| weakest.contains(atom));
        let mut proven: Vec<Factor> = Vec::new();
        for atom in named {
            let factor = match atom {
                Atom::Factor(factor) => factor,
                Atom::Approvals(_) => Factor::Approval,
            };
            if !proven.contains(&factor) {
                proven.push(factor);
            }
        }
        let question = Question { proven, ..self.question(Hook::Recovered, facts.clone(), reason) };
        self.watched.decide(&question).verdict
    }

    fn factors(
        &self,
        plan: Option<&Plan>,
        facts: &Facts,
        reason: Reason,
        traced: &Traced,
    ) -> Vec<FactorExplained> {
        let mut factors = built_in();
        factors.extend(self.channels.iter().filter_map(|name| name.parse().ok()));
        factors.extend(plan.into_iter().flat_map(Plan::atoms).filter_map(|atom| match atom {
            Atom::Factor(factor) => Some(factor),
            Atom::Approvals(_) => None,
        }));
        let mut seen = BTreeSet::new();
        factors.retain(|factor| seen.insert(factor.clone()));
        let turns = self.counterfactuals(facts, reason, traced);
        let explained = factors.into_iter().map(|factor| {
            let place = plan.and_then(|plan| place(plan, &factor));
            let asked = place.is_some();
            let on_file = is_on_file(&factor, facts);
            let because = match place {
                Some(place) if on_file => place,
                Some(place) => format!("{place}, but it cannot be proven: {}", missing(&factor)),
                None => not_asked(&factor, on_file, &turns),
            };
            FactorExplained { factor: factor.to_string(), asked, because }
        });
        explained.collect()
    }

    /// What the plan would name if one fact that was looked at were another.
    fn counterfactuals(&self, facts: &Facts, reason: Reason, traced: &Traced) -> Vec<(Value, Vec<Atom>)> {
        let Some(file) = &traced.decision.file else { return Vec::new() };
        let domain = Domain::of(self.watched.sources(), file);
        let start = Start { reason, facts: in_workbench_time(facts.clone(), self.at) };
        let atoms = |start: &Start| match self.watched.decide(&opening(start)).verdict {
            Verdict::Prove { plan } if plan.check().is_ok() && self.rules.assurance.check(&plan).is_ok() => {
                plan.atoms()
            }
            _ => Vec::new(),
        };
        let mut turns = Vec::new();
        let values = traced.facts.iter().flat_map(|fact| domain.values(*fact));
        for value in values.take(COUNTERFACTUALS) {
            let mut other = start.clone();
            value.apply(&mut other);
            // A realm of another name may have a file of its own.
            if other != start && value.fact != Fact::Realm {
                let named = atoms(&other);
                turns.push((value, named));
            }
        }
        turns
    }
}

/// The same facts as seen from the time at which the workbench lets every case open.
fn in_workbench_time(mut facts: Facts, at: Timestamp) -> Facts {
    use readmit_policy::workbench::NOW;
    let moved = |time: Timestamp| Timestamp::from_unix(NOW.unix().saturating_sub(at.since(time).as_secs()));
    let maybe = |time: Option<Timestamp>| time.map(moved);
    facts.account.created_at = moved(facts.account.created_at);
    if let Some(email) = facts.account.email.as_mut() {
        (email.verified_at, email.changed_at) = (maybe(email.verified_at), maybe(email.changed_at));
    }
    if let Some(phone) = facts.account.phone.as_mut() {
        (phone.verified_at, phone.changed_at) = (maybe(phone.verified_at), maybe(phone.changed_at));
    }
    if let Some(device) = facts.device.as_mut() {
        device.enrolled_at = moved(device.enrolled_at);
    }
    facts.history.last_recovered_at = maybe(facts.history.last_recovered_at);
    facts
}

/// Where a plan asks for a factor, in words; none if it does not.
fn place(plan: &Plan, factor: &Factor) -> Option<String> {
    let asks = |part: &Plan| part.atoms().iter().any(|atom| is_of(atom, factor));
    let steps = match plan {
        Plan::All(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let at = steps.iter().position(asks)?;
    let of = steps.len();
    let step = if of == 1 { "the one step".to_owned() } else { format!("step {} of {of}", at + 1) };
    Some(match steps.get(at) {
        Some(Plan::Any { need, of }) => format!("asked as a choice, {need} of {}, in {step}", of.len()),
        _ => format!("asked in {step}"),
    })
}

fn is_of(atom: &Atom, factor: &Factor) -> bool {
    match atom {
        Atom::Factor(other) => other == factor,
        Atom::Approvals(_) => *factor == Factor::Approval,
    }
}

fn not_asked(factor: &Factor, on_file: bool, turns: &[(Value, Vec<Atom>)]) -> String {
    let turn = turns.iter().find(|(_, named)| named.iter().any(|atom| is_of(atom, factor)));
    let turn = turn.map(|(value, _)| value.to_string());
    match (on_file, turn) {
        (true, Some(turn)) => format!("not asked here; it would be with: {turn}"),
        (true, None) => "the policy does not ask for it here".to_owned(),
        (false, Some(turn)) => format!("{}; it would be asked with: {turn}", missing(factor)),
        (false, None) => format!("{}, and the policy does not ask for it here", missing(factor)),
    }
}

/// The policy's text around the lines that were run.
fn excerpt(set: &PolicySet, lines: &[(String, u32)]) -> Vec<SourceLine> {
    let mut shown = Vec::new();
    for (file, text) in set.sources().iter() {
        let ran: BTreeSet<u32> =
            lines.iter().filter(|(name, _)| name == file).map(|(_, line)| *line).collect();
        for (line, text) in (1_u32..).zip(text.lines()) {
            let near = line.saturating_sub(EXCERPT_AROUND)..=line + EXCERPT_AROUND;
            if ran.range(near).next().is_some() && shown.len() < EXCERPT_LINES {
                let text = text.chars().take(EXCERPT_CHARS).collect();
                shown.push(SourceLine { file: file.to_owned(), line, text, ran: ran.contains(&line) });
            }
        }
    }
    shown
}

/// A fact as the policy sees it.
fn shown(fact: Fact, question: &Question) -> String {
    use Fact as F;
    let facts = &question.facts;
    let account = &facts.account;
    let (email, phone, device) = (account.email.as_ref(), account.phone.as_ref(), facts.device.as_ref());
    let (client, history) = (&facts.client, &facts.history);
    let nil = || "nil".to_owned();
    let text = |text: Option<&str>| text.map_or_else(nil, str::to_owned);
    let time = |at: Option<Timestamp>| at.map_or_else(nil, Timestamp::rfc3339);
    let flag = |flag: Option<bool>| flag.map_or_else(nil, |flag| flag.to_string());
    let record = |there: bool| if there { "on file".to_owned() } else { nil() };
    let number = |number: u32| number.to_string();
    let list = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    match fact {
        F::Reason => question.reason.as_str().to_owned(),
        F::Now => question.now.rfc3339(),
        F::Account | F::Has | F::Client | F::History => "a record".to_owned(),
        F::AccountId => account.id.to_string(),
        F::Realm => account.realm.clone(),
        F::Kind => account.kind.clone(),
        F::CreatedAt => account.created_at.rfc3339(),
        F::Groups => list(account.groups.clone()),
        F::Attributes => {
            list(account.attributes.iter().map(|(name, text)| format!("{name}={text}")).collect())
        }
        F::Email => record(email.is_some()),
        F::EmailDomain => text(email.map(|email| email.domain.as_str())),
        F::EmailVerifiedAt => time(email.and_then(|email| email.verified_at)),
        F::EmailChangedAt => time(email.and_then(|email| email.changed_at)),
        F::EmailSameMailbox => flag(email.map(|email| email.same_mailbox_as_account)),
        F::Phone => record(phone.is_some()),
        F::PhoneCountry => text(phone.map(|phone| phone.country.as_str())),
        F::PhoneVerifiedAt => time(phone.and_then(|phone| phone.verified_at)),
        F::PhoneChangedAt => time(phone.and_then(|phone| phone.changed_at)),
        F::PhoneOnLostDevice => flag(phone.map(|phone| phone.on_lost_device)),
        F::HasPassword => account.has.password.to_string(),
        F::HasRecoveryCodes => account.has.recovery_codes.to_string(),
        F::HasOtherDevices => account.has.other_devices.to_string(),
        F::HasContacts => account.has.contacts.to_string(),
        F::Device => record(device.is_some()),
        F::DeviceId => text(device.map(|device| device.id.as_str())),
        F::DeviceForm => text(device.map(|device| device.form.as_str())),
        F::DeviceLabel => text(device.map(|device| device.label.as_str())),
        F::DeviceEnrolledAt => time(device.map(|device| device.enrolled_at)),
        F::ClientAddress => text(client.address.as_deref()),
        F::ClientUserAgent => text(client.user_agent.as_deref()),
        F::ClientLocale => text(client.locale.as_deref()),
        F::ClientKnown => client.known.to_string(),
        F::Opened24h => number(history.opened_24h),
        F::Failed24h => number(history.failed_24h),
        F::Recovered90d => number(history.recovered_90d),
        F::LastRecoveredAt => time(history.last_recovered_at),
        F::Proven => list(question.proven.iter().map(ToString::to_string).collect()),
        F::Failures => list(question.failures.iter().map(|failure| failure.factor.to_string()).collect()),
        F::FailureFactor => text(question.failure.as_ref().map(|failure| failure.factor.as_str())),
        F::FailureDisposition => text(question.failure.as_ref().map(|failure| failure.disposition.as_str())),
        F::FailureCount => question.failure.as_ref().map_or_else(nil, |failure| number(failure.count)),
        F::FailureAt => time(question.failure.as_ref().map(|failure| failure.at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_has_its_place_in_a_plan() {
        let factor = |name: &str| Plan::Factor(name.parse().expect("a factor"));
        let any = Plan::Any { need: 1, of: vec![factor("email"), factor("voice")] };
        let plan = Plan::All(vec![factor("password"), any.clone(), Plan::Approvals(2)]);
        let table = [
            (&plan, Factor::Password, Some("asked in step 1 of 3")),
            (&plan, Factor::Voice, Some("asked as a choice, 1 of 2, in step 2 of 3")),
            (&plan, Factor::Approval, Some("asked in step 3 of 3")),
            (&plan, Factor::Totp, None),
            (&any, Factor::Email, Some("asked as a choice, 1 of 2, in the one step")),
        ];
        for (plan, factor, wanted) in table {
            assert_eq!(place(plan, &factor).as_deref(), wanted, "{factor}");
        }
    }
}
