//! A desk at which one case is worked on: time, randomness and policy are fixed, events and commands are words.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use readmit_recovery::account::Reason;
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::case::{Addresses, Case, Challenge, Moment, Opening, Refusal, Standing, Transition};
use readmit_recovery::command::{Command, Message, Record, TokenPurpose};
use readmit_recovery::event::{Comparison, Event, Proof, Reply, Resolution, Staff};
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{AccountFacts, Client, Facts, Has, History, Hook, Question};
use readmit_recovery::id::{AccountId, CaseId, DeliveryId, DeviceId, PolicyVersion};
use readmit_recovery::plan::Plan;
use readmit_recovery::rules::Rules;
use readmit_recovery::secret::{Secret, SecretHash, Seed};
use readmit_recovery::support::SupportForm;
use readmit_recovery::time::Timestamp;
use readmit_recovery::totp::{Authenticator, STEP_SECONDS};
use readmit_recovery::verdict::{DeviceFate, Outcome, Policy, Verdict};

/// When every case opens.
pub const START: u64 = 1_795_368_600;

/// A policy that answers by a table, and remembers what it was asked.
#[derive(Debug)]
pub struct Script {
    answers: BTreeMap<Hook, Verdict>,
    next: BTreeMap<Hook, VecDeque<Verdict>>,
    /// The questions, in order.
    pub asked: Vec<Question>,
    /// The answers to them.
    pub answered: Vec<Verdict>,
}

impl Script {
    /// Asks for `plan`, adds nothing, lets everything be tried again, and deactivates the device.
    pub fn new(plan: Plan) -> Self {
        let answers = BTreeMap::from([
            (Hook::Open, Verdict::Prove { plan }),
            (Hook::Proved, Verdict::Nothing),
            (Hook::Failed, Verdict::Retry { after: Duration::ZERO, next_number: false }),
            (Hook::Recovered, Verdict::Outcome(outcome())),
        ]);
        Self { answers, next: BTreeMap::new(), asked: Vec::new(), answered: Vec::new() }
    }

    /// Answers `hook` like this from now on.
    pub fn answer(mut self, hook: Hook, verdict: Verdict) -> Self {
        self.answers.insert(hook, verdict);
        self
    }

    /// Answers `hook` like this once, before its usual answer.
    pub fn once(mut self, hook: Hook, verdict: Verdict) -> Self {
        self.next.entry(hook).or_default().push_back(verdict);
        self
    }

    pub fn outcome(self, outcome: Outcome) -> Self {
        self.answer(Hook::Recovered, Verdict::Outcome(outcome))
    }
}

impl Policy for Script {
    fn decide(&mut self, question: &Question) -> Verdict {
        self.asked.push(question.clone());
        let next = self.next.get_mut(&question.hook).and_then(VecDeque::pop_front);
        let verdict = next.unwrap_or_else(|| self.answers[&question.hook].clone());
        self.answered.push(verdict.clone());
        verdict
    }
}

/// The outcome that deactivates the device and asks for nothing more.
pub fn outcome() -> Outcome {
    Outcome {
        device: DeviceFate::Deactivate,
        force_password_change: false,
        revoke_sessions: false,
        hold: None,
        enroll_within: None,
    }
}

/// Everything that an outcome can ask for, without a hold.
pub fn full_outcome() -> Outcome {
    Outcome {
        force_password_change: true,
        revoke_sessions: true,
        enroll_within: Some(Duration::from_secs(7 * 24 * 3600)),
        ..outcome()
    }
}

pub fn factor(name: &str) -> Factor {
    name.parse().expect("a factor")
}

/// A plan in words: `password email` is all of them, `2 of email voice recovery_code` any two, `approvals 2`
/// two approvals; parts that are joined by `then` come one after the other.
pub fn plan(words: &str) -> Plan {
    let mut parts: Vec<Plan> = words.split(" then ").map(part).collect();
    if parts.len() == 1 { parts.remove(0) } else { Plan::All(parts) }
}

fn part(words: &str) -> Plan {
    let factors = |words: &str| words.split_whitespace().map(|name| Plan::Factor(factor(name))).collect();
    if let Some(number) = words.strip_prefix("approvals ") {
        return Plan::Approvals(number.parse().expect("a number"));
    }
    match words.split_once(" of ") {
        Some((need, of)) => Plan::Any { need: need.parse().expect("a number"), of: factors(of) },
        None => Plan::All(factors(words)),
    }
}

/// What `check` compares: the state and the commands, or the refusal, in words.
pub fn check(script: Script, given: &str, event: &str) -> String {
    let mut desk = Desk::open(script);
    desk.all(given);
    desk.told(event)
}

/// One case being worked on.
pub struct Desk {
    pub case: Case,
    pub now: u64,
    pub rules: Rules,
    pub script: Script,
    pub last: Transition,
    draws: u32,
}

impl Desk {
    pub fn open(script: Script) -> Self {
        Self::open_as(Standing::Known, script)
    }

    /// Opens a case with `password`, then `email`, then `voice`.
    pub fn usual() -> Self {
        Self::open(Script::new(plan("password email voice")))
    }

    pub fn open_as(standing: Standing, script: Script) -> Self {
        Self::open_with(standing, script, support_rules())
    }

    pub fn open_with(standing: Standing, script: Script, rules: Rules) -> Self {
        Self::open_for(opening(standing), script, rules)
    }

    pub fn open_for(opening: Opening, mut script: Script, rules: Rules) -> Self {
        let moment = Moment {
            now: Timestamp::from_unix(START),
            seed: Seed::new([0; 32]),
            rules: &rules,
            policy: &mut script,
        };
        let last = Case::open(opening, moment);
        let desk = Self { case: last.case.clone(), now: START, rules, script, last, draws: 0 };
        desk.assert_round_trip();
        desk
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.now)
    }

    /// Lets an event happen now.
    pub fn happen(&mut self, event: Event) -> Result<(), Refusal> {
        self.draws += 1;
        let mut seed = [7; 32];
        seed[..4].copy_from_slice(&self.draws.to_be_bytes());
        let moment =
            Moment { now: self.now(), seed: Seed::new(seed), rules: &self.rules, policy: &mut self.script };
        self.last = self.case.apply(event, moment)?;
        self.case = self.last.case.clone();
        self.assert_round_trip();
        Ok(())
    }

    /// Lets things happen one after the other: `right password; ask email; wait 30`. None may be refused.
    pub fn all(&mut self, events: &str) {
        for event in events.split(';').map(str::trim).filter(|event| !event.is_empty()) {
            if let Err(refusal) = self.one(event) {
                panic!("`{event}` was refused: {refusal}");
            }
        }
    }

    /// Lets one thing happen, and tells what came of it.
    pub fn told(&mut self, event: &str) -> String {
        match self.one(event) {
            Err(refusal) => format!("refused: {refusal}"),
            Ok(()) => self.told_of_last(),
        }
    }

    /// What came of the last event: `proving | count(email)`.
    pub fn told_of_last(&self) -> String {
        let words: Vec<String> = self.last.commands.iter().map(command_in_words).collect();
        format!("{} | {}", self.state(), words.join(" ")).trim_end_matches([' ', '|']).to_owned()
    }

    /// Lets one thing happen, said in words.
    pub fn one(&mut self, words: &str) -> Result<(), Refusal> {
        if let Some(seconds) = words.strip_prefix("wait ") {
            self.now += seconds.parse::<u64>().expect("seconds");
            return Ok(());
        }
        let event = self.event(words);
        self.happen(event)
    }

    /// The event that these words mean now.
    pub fn event(&self, words: &str) -> Event {
        let words: Vec<&str> = words.split_whitespace().collect();
        match words[..] {
            ["ask", name] => Event::ChallengeRequested { factor: factor(name) },
            ["right", name] => Event::ProofSubmitted { factor: factor(name), proof: self.proof(name, true) },
            ["wrong", name] => Event::ProofSubmitted { factor: factor(name), proof: self.proof(name, false) },
            ["type", name, code] => {
                let proof = Proof::Code(Secret::new(code));
                Event::ProofSubmitted { factor: factor(name), proof }
            }
            ["click", browser] => {
                let challenge = self.challenge("email").map_or(1, |challenge| challenge.number);
                Event::LinkOpened { challenge, browser: browser_of(browser) }
            }
            ["click", browser, challenge] => {
                let challenge = challenge.parse().expect("a number");
                Event::LinkOpened { challenge, browser: browser_of(browser) }
            }
            ["phase", name, phase] => Event::DeliveryProgressed {
                delivery: self.delivery(name),
                phase: phase.parse().expect("a phase"),
            },
            ["digits", "right"] => self.digits(self.code("voice")),
            ["digits", "wrong"] => self.digits(other_than(&self.code("voice"))),
            ["end", name, disposition] => Event::DeliveryEnded {
                delivery: self.delivery(name),
                disposition: disposition.parse().expect("a disposition"),
                detail: "250 ok".to_owned(),
            },
            ["approve", name] => Event::Approved { by: staff(name), because: "seen".to_owned() },
            ["deny", name] => Event::DenialDecided { by: staff(name), because: "odd".to_owned() },
            ["resolve", name, how] => {
                let resolution = match how {
                    "pass" => Resolution::Pass,
                    "reset" => Resolution::Reset,
                    _ => Resolution::Deny,
                };
                Event::Resolved { by: staff(name), because: "called back".to_owned(), resolution }
            }
            ["support"] => Event::SupportRequested { form: form() },
            ["veto"] => Event::VetoReceived,
            ["cancel"] => Event::CancelRequested,
            ["claim"] => Event::SignInClaimed,
            ["change"] => Event::PasswordChanged,
            ["begin"] => Event::EnrollmentBegan { label: "new phone".to_owned() },
            ["confirm", which] => self.confirmation(which == "right"),
            ["time"] => Event::TimePassed,
            _ => panic!("no such event: {words:?}"),
        }
    }

    pub fn state(&self) -> &'static str {
        self.case.state.as_str()
    }

    pub fn challenge(&self, name: &str) -> Option<&Challenge> {
        self.case.tracks.get(&factor(name)).and_then(|track| track.challenge.as_ref())
    }

    /// The code of the last challenge; one that is never right where there is none.
    pub fn code(&self, name: &str) -> String {
        let code = self.challenge(name).and_then(|challenge| challenge.code.as_ref());
        code.map_or("none", Secret::expose).to_owned()
    }

    /// The message of this purpose that the last event sends.
    pub fn message(&self, purpose: &str) -> Option<&Message> {
        self.last.commands.iter().find_map(|command| match command {
            Command::SendMessage(message) if message.purpose.as_str() == purpose => Some(message),
            _ => None,
        })
    }

    pub fn delivery(&self, name: &str) -> DeliveryId {
        let delivery = self.challenge(name).and_then(|challenge| challenge.delivery.clone());
        delivery.unwrap_or_else(|| DeliveryId::parse("of nobody").expect("an id"))
    }

    pub fn records(&self) -> Vec<&'static str> {
        self.last.records.iter().map(|record: &Record| record.kind).collect()
    }

    /// What a record of the last event says under `key`.
    pub fn recorded(&self, kind: &str, key: &str) -> Option<String> {
        let record = self.last.records.iter().find(|record| record.kind == kind)?;
        record.detail.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    fn proof(&self, name: &str, right: bool) -> Proof {
        let code = self.code(name);
        match (factor(name).channel(), right) {
            (Some(_), true) => Proof::Code(Secret::new(code)),
            (Some(_), false) => Proof::Code(Secret::new(other_than(&code))),
            (None, true) => Proof::Compared(Comparison::Right),
            (None, false) => Proof::Compared(Comparison::Wrong),
        }
    }

    fn digits(&self, digits: String) -> Event {
        Event::DigitsEntered { delivery: self.delivery("voice"), digits: Secret::new(digits) }
    }

    fn confirmation(&self, right: bool) -> Event {
        let secret = match (&self.case.enrollment, &self.last.reply) {
            (Some(enrollment), _) => enrollment.secret.clone(),
            (None, Reply::Enrollment { secret }) => secret.clone(),
            (None, _) => readmit_recovery::totp::new_secret([1; 20]),
        };
        let device = Authenticator::new(&secret).expect("a secret");
        let step = self.now / STEP_SECONDS;
        let (first, second) = (device.code(step - 1), device.code(step));
        if right {
            Event::EnrollmentConfirmed { first, second }
        } else {
            Event::EnrollmentConfirmed { first: second, second: first }
        }
    }

    fn assert_round_trip(&self) {
        let bytes = serde_json::to_vec(&self.case).expect("a case is plain data");
        let read: Case = serde_json::from_slice(&bytes).expect("what was written is read");
        assert_eq!(read, self.case);
    }
}

pub fn other_than(code: &str) -> String {
    if code == "000000" { "111111" } else { "000000" }.to_owned()
}

pub fn support_rules() -> Rules {
    Rules { support: Some(email("help@example.org")), ..Rules::default() }
}

pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn browser_of(name: &str) -> Option<SecretHash> {
    (name != "nowhere").then(|| Secret::new(name).hash())
}

/// `alice` is the owner of the account; everybody else has none of it.
fn staff(name: &str) -> Staff {
    Staff { name: format!("uid:{name}"), account: Some(AccountId::parse(name).expect("an id")) }
}

fn form() -> SupportForm {
    let fields = [("problem", "no_call"), ("name", "Alice Ayers"), ("phone", "+1 415 555 0123")];
    SupportForm::parse(&fields.map(|(name, answer)| (name.to_owned(), answer.to_owned())).into())
        .expect("a form")
}

pub fn opening(standing: Standing) -> Opening {
    let account = AccountId::parse("alice").expect("an id");
    Opening {
        id: CaseId::from_random([1; 16]),
        account: account.clone(),
        standing,
        reason: Reason::Lost,
        policy: PolicyVersion::parse("v1").expect("a version"),
        facts: Facts {
            account: AccountFacts {
                id: account,
                realm: "default".to_owned(),
                kind: "owner".to_owned(),
                groups: Vec::new(),
                attributes: BTreeMap::new(),
                created_at: Timestamp::default(),
                email: None,
                phone: None,
                has: Has::default(),
            },
            device: None,
            client: Client { address: Some("192.0.2.7".to_owned()), ..Client::default() },
            history: History::default(),
        },
        addresses: Addresses {
            email: Some(email("alice@example.org")),
            phone: Some(PhoneNumber::parse("+14155550123").expect("a number")),
            other_phones: Vec::new(),
            contacts: vec![email("ann@friends.example"), email("bob@friends.example")],
            notices: vec![email("alice@example.org"), email("backup@example.net")],
        },
        device: Some(DeviceId::parse("old").expect("an id")),
        browser: browser_of("same"),
    }
}

/// `notice(held)>backup`, `call`, `count(email)`.
fn command_in_words(command: &Command) -> String {
    match command {
        Command::SendMessage(message) => {
            let what = message.fields.get("event").map(|event| format!("({})", event.expose()));
            let to = message.to.as_str().split('@').next().unwrap_or_default();
            format!("{}{}>{to}", message.purpose.as_str(), what.unwrap_or_default())
        }
        Command::PlaceCall(call) => format!("call>{}", call.to.as_str()),
        Command::PretendDelivery { disposition, .. } => format!("pretend({})", disposition.as_str()),
        Command::CancelDelivery(_) => "cancel".to_owned(),
        Command::RegisterToken(token) => match token.purpose {
            TokenPurpose::Link { challenge } => format!("link({challenge})"),
            TokenPurpose::Veto => "veto".to_owned(),
        },
        Command::CountFailure(factor) => format!("count({factor})"),
        Command::ClearFailures(factor) => format!("clear({factor})"),
        Command::DeactivateDevice(device) => format!("deactivate({device})"),
        Command::ReactivateDevice(device) => format!("reactivate({device})"),
        Command::DeleteDevice(device) => format!("delete({device})"),
        Command::AddDevice { device, .. } => format!("add({})", device.label),
        Command::ReplaceRecoveryCodes(hashes) => format!("codes({})", hashes.len()),
        Command::IssuePass { .. } => "pass".to_owned(),
        Command::RevokeSessions => "revoke".to_owned(),
        Command::RaiseAlert(kind) => format!("alert({kind})"),
    }
}
