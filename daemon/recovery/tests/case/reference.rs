//! Random recoveries against a small model that knows only what was shown, not how the case works.
//!
//! The model keeps the plan that the policy gave, the proofs that were accepted although only the harness could
//! know that they were right, and who approved. Whatever the case does, it must not go further than the model.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use readmit_recovery::assurance::Level;
use readmit_recovery::case::{Case, Standing, State, Track};
use readmit_recovery::command::{Command, Purpose};
use readmit_recovery::event::{Comparison, Event, Reply, Resolution};
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::Hook;
use readmit_recovery::limits::{
    FAILURES_PER_CASE, SENDS_PER_CASE, TRIES_PER_CALL, TRIES_PER_CASE, TRIES_PER_CHALLENGE,
};
use readmit_recovery::plan::Plan;
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::{Outcome, Verdict};

use crate::kit::{Desk, Script, factor, full_outcome, outcome, support_rules};

const NAMES: [&str; 9] =
    ["password", "email", "voice", "recovery_code", "totp", "sms", "contact", "pass", "approval"];
const STAFF: [&str; 4] = ["alice", "bob", "carol", "dave"];
const CASES: u32 = 600;

fn any_factor() -> impl Strategy<Value = Plan> {
    select(&NAMES[..]).prop_map(|name| Plan::Factor(factor(name)))
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let leaf = prop_oneof![8 => any_factor(), 1 => (0_u8..4).prop_map(Plan::Approvals)];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Plan::All),
            1 => (0_u8..4, prop::collection::vec(inner, 0..4)).prop_map(|(need, of)| Plan::Any { need, of }),
        ]
    })
}

/// Plans that are worth something, most of the time.
fn likely_plan() -> impl Strategy<Value = Plan> {
    let pair = (any_factor(), any_factor()).prop_map(|(first, second)| Plan::All(vec![first, second]));
    let choice = prop::collection::vec(any_factor(), 2..5).prop_map(|of| Plan::Any { need: 2, of });
    let after = prop::collection::vec(any_factor(), 1..4)
        .prop_map(|of| Plan::All(vec![Plan::Factor(Factor::Password), Plan::Any { need: 1, of }]));
    let approvals = (2_u8..4).prop_map(Plan::Approvals);
    prop_oneof![3 => pair, 2 => choice, 2 => after, 1 => approvals, 3 => any_plan()]
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let hold = prop::option::of(select(&[0_u64, 60, 3600, 90 * 24 * 3600][..]));
    (any::<bool>(), hold).prop_map(|(full, hold)| Outcome {
        hold: hold.map(Duration::from_secs),
        ..if full { full_outcome() } else { outcome() }
    })
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    let because = || "chance".to_owned();
    prop_oneof![
        2 => likely_plan().prop_map(|plan| Verdict::Prove { plan }),
        1 => Just(Verdict::Escalate { to: "support".to_owned(), because: because() }),
        1 => Just(Verdict::Deny { because: because() }),
        4 => (0_u64..200).prop_map(|seconds| Verdict::Retry { after: Duration::from_secs(seconds), next_number: false }),
        6 => any_outcome().prop_map(Verdict::Outcome),
        6 => Just(Verdict::Nothing),
        1 => Just(Verdict::Unable { cause: because() }),
    ]
}

/// A policy that mostly behaves, with up to four surprises a hook.
fn any_script() -> impl Strategy<Value = Script> {
    let surprises = prop::collection::vec((select(&Hook::ALL[1..]), any_verdict()), 0..4);
    (likely_plan(), any_outcome(), surprises).prop_map(|(plan, outcome, surprises)| {
        surprises
            .into_iter()
            .fold(Script::new(plan).outcome(outcome), |script, (hook, verdict)| script.once(hook, verdict))
    })
}

fn any_event() -> impl Strategy<Value = String> {
    let name = || select(&NAMES[..]);
    let phase = select(&["calling", "ringing", "answered", "prompting", "wrong_digits"][..]);
    let end = select(readmit_recovery::disposition::Disposition::ALL);
    let other = select(
        &[
            "support",
            "veto",
            "cancel",
            "claim",
            "change",
            "begin",
            "confirm right",
            "confirm wrong",
            "time",
            "click same",
            "click other",
            "click same 1",
            "digits right",
            "digits wrong",
        ][..],
    );
    prop_oneof![
        10 => name().prop_map(|name| format!("ask {name}")),
        12 => name().prop_map(|name| format!("right {name}")),
        10 => name().prop_map(|name| format!("wrong {name}")),
        2 => (name(), phase).prop_map(|(name, phase)| format!("phase {name} {phase}")),
        6 => (name(), end).prop_map(|(name, end)| format!("end {name} {}", end.as_str())),
        3 => select(&STAFF[..]).prop_map(|who| format!("approve {who}")),
        1 => select(&STAFF[..]).prop_map(|who| format!("deny {who}")),
        3 => (select(&STAFF[..]), select(&["pass", "reset", "deny"][..]))
            .prop_map(|(who, how)| format!("resolve {who} {how}")),
        14 => other.prop_map(str::to_owned),
        8 => select(&[1_u64, 30, 60, 600, 4000, 90_000, 800_000][..]).prop_map(|wait| format!("wait {wait}")),
    ]
}

/// One thing that is done: an event, or the thing that helps most, so that many cases get far.
fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![3 => any_event().prop_map(Step::Event), 2 => Just(Step::GoOn)]
}

#[derive(Clone, Debug)]
enum Step {
    Event(String),
    GoOn,
}

/// What an observer knows.
#[derive(Default)]
struct Model {
    /// The plans that hold together: the first, and each that `proved` added.
    plans: Vec<Plan>,
    shown: BTreeSet<String>,
    approvers: BTreeSet<String>,
    reset: bool,
    sign_ins: u32,
    ended: Option<State>,
}

impl Model {
    /// Whether everything that was asked for was shown.
    fn satisfied(&self) -> bool {
        !self.plans.is_empty() && self.plans.iter().all(|plan| self.fulfils(plan))
    }

    fn fulfils(&self, plan: &Plan) -> bool {
        match plan {
            Plan::Factor(Factor::Approval) => !self.approvers.is_empty(),
            Plan::Factor(factor) => self.shown.contains(factor.as_str()),
            Plan::Approvals(number) => self.approvers.len() >= usize::from(*number),
            Plan::All(parts) => parts.iter().all(|part| self.fulfils(part)),
            Plan::Any { need, of } => {
                of.iter().filter(|part| self.fulfils(part)).count() >= usize::from(*need)
            }
        }
    }

    /// NIST SP 800-63B-4 §4.2.2 in its own words: how many of the three kinds of codes, how many bound factors.
    fn reaches(&self, level: Level) -> bool {
        let has = |names: &[&str]| usize::from(names.iter().any(|name| self.shown.contains(*name)));
        let codes = has(&["recovery_code"]) + has(&["email", "voice", "sms"]) + has(&["contact"]);
        let bound = has(&["password"]) + has(&["totp"]);
        let proofing = !self.approvers.is_empty() || self.shown.contains("pass");
        match level {
            Level::None | Level::Aal1 => !self.shown.is_empty() || proofing,
            Level::Aal2 => proofing || codes >= 2 || codes + bound >= 2 && bound > 0,
        }
    }
}

/// The factor that a right proof shows, as the harness knows it: it read the code that was sent.
fn right_proof(desk: &Desk, event: &Event) -> Option<(Factor, Comparison)> {
    let compared = |factor: &Factor, right: bool| {
        let comparison = if right { Comparison::Right } else { Comparison::Wrong };
        Some((factor.clone(), comparison))
    };
    match event {
        Event::ProofSubmitted { factor, proof } => match proof {
            readmit_recovery::event::Proof::Code(code) => {
                compared(factor, code.expose() == desk.code(factor.as_str()))
            }
            readmit_recovery::event::Proof::Compared(comparison) => Some((factor.clone(), *comparison)),
        },
        Event::DigitsEntered { digits, .. } => {
            compared(&Factor::Voice, digits.expose() == desk.code("voice"))
        }
        Event::LinkOpened { browser, .. } if *browser == desk.case.browser => compared(&Factor::Email, true),
        Event::LinkOpened { .. }
        | Event::ChallengeRequested { .. }
        | Event::DeliveryProgressed { .. }
        | Event::DeliveryEnded { .. }
        | Event::Approved { .. }
        | Event::DenialDecided { .. }
        | Event::Resolved { .. }
        | Event::SupportRequested { .. }
        | Event::VetoReceived
        | Event::CancelRequested
        | Event::SignInClaimed
        | Event::PasswordChanged
        | Event::EnrollmentBegan { .. }
        | Event::EnrollmentConfirmed { .. }
        | Event::TimePassed => None,
    }
}

/// The event that brings the case nearest to its end.
fn helpful(desk: &Desk) -> String {
    match &desk.case.state {
        State::Held { .. } => return "wait 3600".to_owned(),
        State::Recovered { tasks, .. } => {
            let task = tasks.iter().next_back().map_or("time", |task| match task.as_str() {
                "sign_in" => "claim",
                "change_password" => "change",
                _ if desk.case.enrollment.is_none() => "begin",
                _ => "confirm right",
            });
            return task.to_owned();
        }
        State::Escalated { .. } => return "resolve bob pass".to_owned(),
        State::Proving
        | State::Completed { .. }
        | State::Denied { .. }
        | State::Vetoed
        | State::Cancelled
        | State::Expired => {}
    }
    let Some(step) = desk.case.view(desk.now()).steps.into_iter().find(|step| {
        desk.case.is_open(&step.factor) || step.factor == Factor::Approval && step.state.as_str() == "open"
    }) else {
        return "time".to_owned();
    };
    let name = step.factor.as_str().to_owned();
    let live = desk.challenge(&name).is_some_and(|challenge| challenge.is_live(desk.now()));
    match step.factor {
        Factor::Approval => {
            let fresh = STAFF[1..].iter().find(|who| !desk.case.approvals.contains(&format!("uid:{who}")));
            fresh.map_or("time".to_owned(), |who| format!("approve {who}"))
        }
        factor if factor.channel().is_none() || live && factor != Factor::Voice => format!("right {name}"),
        Factor::Voice if live => "digits right".to_owned(),
        _ if step.resend_after > desk.now() => "wait 600".to_owned(),
        _ => format!("ask {name}"),
    }
}

fn assert_counters_grow(before: &Case, after: &Case) {
    let none = Track::default();
    for (factor, old) in &before.tracks {
        let new = after.tracks.get(factor).unwrap_or(&none);
        assert!(new.wrong >= old.wrong && new.sends >= old.sends && new.failed >= old.failed, "{factor}");
        if let (Some(old), Some(new)) = (&old.challenge, &new.challenge) {
            let same = old.number == new.number;
            assert!(new.number >= old.number && (!same || new.wrong >= old.wrong), "{factor}");
            assert!(!same || new.expires_at == old.expires_at, "a challenge never lives longer");
        }
    }
    assert!(after.challenges >= before.challenges && after.enrollments >= before.enrollments);
    assert!(after.failures.len() >= before.failures.len() && after.approvals.len() >= before.approvals.len());
}

fn assert_limits(case: &Case) {
    for (factor, track) in &case.tracks {
        assert!(track.wrong <= TRIES_PER_CASE && track.sends <= SENDS_PER_CASE, "{factor}");
        assert!(track.failed <= FAILURES_PER_CASE, "{factor}");
        if let Some(challenge) = &track.challenge {
            assert!(challenge.wrong <= TRIES_PER_CHALLENGE && challenge.wrong_in_call <= TRIES_PER_CALL);
        }
    }
    let distinct: BTreeSet<_> = case.proven.iter().collect();
    assert_eq!(distinct.len(), case.proven.len(), "a factor is proven once");
}

/// Nothing goes anywhere but to the addresses on file, and to a contact nothing but what is for contacts.
fn assert_addresses(desk: &Desk) {
    let on_file = ["alice@example.org", "backup@example.net", "help@example.org", "+14155550123"];
    let contacts = ["ann@friends.example", "bob@friends.example"];
    for command in &desk.last.commands {
        let to = match command {
            Command::SendMessage(message) => &message.to,
            Command::PlaceCall(call) => &call.to,
            _ => continue,
        };
        let to_contact =
            matches!(command, Command::SendMessage(message) if message.purpose == Purpose::Contact);
        let right = if to_contact { contacts.as_slice() } else { on_file.as_slice() };
        assert!(right.contains(&to.as_str()), "{to:?}");
        let real = desk.case.standing == Standing::Known;
        assert!(real || to.as_str() == "help@example.org", "nothing is delivered for a decoy");
    }
}

/// How far the case and its plan were before an event.
struct Before {
    case: Case,
    asked: usize,
}

fn observe(
    desk: &Desk,
    model: &mut Model,
    before: &Before,
    event: &Event,
    proof: Option<(Factor, Comparison)>,
) {
    let accepted = match (&desk.last.reply, proof) {
        (Reply::Proof { comparison, .. }, Some((factor, truth))) => {
            let wanted = if desk.case.standing == Standing::Decoy { Comparison::Wrong } else { truth };
            assert_eq!(*comparison, wanted, "the answer to a proof is the truth");
            Some((factor, *comparison))
        }
        _ => None,
    };
    match accepted {
        Some((factor, Comparison::Right)) => {
            model.shown.insert(factor.as_str().to_owned());
        }
        Some((factor, Comparison::Wrong)) => {
            let wrong = |case: &Case| case.tracks.get(&factor).map_or(0, |track| track.wrong);
            assert_eq!(wrong(&desk.case), wrong(&before.case) + 1, "a wrong try always counts");
            assert!(desk.last.commands.contains(&Command::CountFailure(factor)));
        }
        None => {}
    }
    match event {
        Event::Approved { by, .. } => {
            assert!(model.approvers.insert(by.name.clone()), "the same person twice")
        }
        Event::Resolved { resolution: Resolution::Pass, .. } => {
            model.plans = vec![Plan::Factor(Factor::Pass)];
            model.shown.remove("pass");
        }
        Event::Resolved { resolution: Resolution::Reset, .. } => model.reset = true,
        Event::SignInClaimed => model.sign_ins += 1,
        _ => {}
    }
    for (question, verdict) in desk.script.asked.iter().zip(&desk.script.answered).skip(before.asked) {
        if let (Hook::Open | Hook::Proved, Verdict::Prove { plan }) = (question.hook, verdict) {
            model.plans.push(plan.clone());
        }
    }
}

fn assert_no_further_than(desk: &Desk, model: &Model) {
    assert!(model.sign_ins <= 1, "one sign-in");
    let far =
        matches!(desk.case.state, State::Held { .. } | State::Recovered { .. } | State::Completed { .. });
    if far {
        assert_eq!(desk.case.standing, Standing::Known, "nobody recovers an account that does not exist");
        assert!(model.reset || model.satisfied(), "not everything was shown");
        assert!(model.reset || model.reaches(desk.rules.assurance), "below the floor");
    }
    if desk.case.state == State::Proving && desk.case.standing == Standing::Known {
        assert!(!desk.case.open_atoms().is_empty(), "a case that is proving has a step to do");
        assert!(!model.satisfied(), "everything was shown, and the case does not go on");
    }
    let view = desk.case.view(desk.now());
    assert!(!view.message.is_empty() && view.steps.iter().all(|step| !step.message.is_empty()));
    for step in view.steps.iter().filter(|step| step.code.is_some()) {
        let calling = step.factor == Factor::Voice && step.state.as_str() == "sent";
        assert!(calling && desk.case.state == State::Proving, "only a call shows its code, while it lasts");
    }
    assert!(model.ended.as_ref().is_none_or(|state| *state == desk.case.state), "a final state stays");
}

fn run(mut desk: Desk, steps: &[Step]) -> &'static str {
    let mut model = Model::default();
    let opened = Before { case: desk.case.clone(), asked: 0 };
    observe(&desk, &mut model, &opened, &Event::TimePassed, None);
    for step in steps {
        let words = match step {
            Step::Event(words) => words.clone(),
            Step::GoOn => helpful(&desk),
        };
        if words.starts_with("wait ") {
            desk.all(&words);
            continue;
        }
        let event = desk.event(&words);
        let proof = right_proof(&desk, &event);
        let before = Before { case: desk.case.clone(), asked: desk.script.asked.len() };
        if desk.happen(event.clone()).is_ok() {
            observe(&desk, &mut model, &before, &event, proof);
            assert_addresses(&desk);
        } else {
            assert_eq!(desk.case, before.case);
        }
        assert_counters_grow(&before.case, &desk.case);
        assert_limits(&desk.case);
        assert_no_further_than(&desk, &model);
        if desk.case.state.is_final() {
            model.ended.get_or_insert(desk.case.state.clone());
        }
    }
    desk.state()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn a_case_never_goes_further_than_what_was_shown(
        script in any_script(),
        decoy in prop::bool::weighted(0.2),
        level in select(&[Level::None, Level::Aal1, Level::Aal2, Level::Aal2][..]),
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let standing = if decoy { Standing::Decoy } else { Standing::Known };
        let rules = Rules { assurance: level, ..support_rules() };
        run(Desk::open_with(standing, script, rules), &steps);
    }
}

/// The harness is worth something only if its cases get everywhere.
#[test]
fn random_recoveries_reach_every_state() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut reached = BTreeSet::new();
    for _ in 0..400 {
        let script = any_script().new_tree(&mut runner).expect("a script").current();
        let steps = prop::collection::vec(any_step(), 1..60).new_tree(&mut runner).expect("steps").current();
        reached.insert(run(Desk::open(script), &steps));
    }
    let all = [
        "proving",
        "held",
        "recovered",
        "completed",
        "escalated",
        "denied",
        "vetoed",
        "cancelled",
        "expired",
    ];
    assert_eq!(reached, BTreeSet::from(all));
}
