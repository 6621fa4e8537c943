//! The decision log against a candidate.

#![cfg(test)]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use readmit_policy::limits::{MAX_BATCH_LINES, MAX_GROUPS, MAX_LOG_LINE_BYTES};
use readmit_policy::workbench::compare::Effect;
use readmit_policy::workbench::replay::log::{Lines, LogError, header, line};
use readmit_policy::workbench::replay::{Replay, Report};
use readmit_policy::workbench::{Action, Journey, Start};
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::CaseHandle;
use readmit_recovery::rules::Rules;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;

mod question;

static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| load(&shipped()));

fn sources(text: &str) -> Sources {
    Sources::from_files(BTreeMap::from([("default.lua".to_owned(), text.to_owned())])).expect("sources")
}

fn shipped() -> Sources {
    Sources::shipped().expect("the shipped policy")
}

/// The shipped policy with one text in it replaced.
fn changed(from: &str, to: &str) -> Sources {
    let text = shipped().files()["default.lua"].clone();
    assert!(text.contains(from), "the shipped policy says {from}");
    sources(&text.replace(from, to))
}

fn load(sources: &Sources) -> PolicySet {
    PolicySet::load(sources.clone(), Budget::default(), &Channels::default()).expect("a set")
}

/// A log, as the daemon writes it.
struct Log {
    text: String,
    set: PolicySet,
    next: u64,
}

impl Log {
    fn new() -> Self {
        Self { text: header(), set: load(&shipped()), next: 1 }
    }

    /// Answers a question and writes it down.
    fn ask(&mut self, question: &Question) -> Verdict {
        let verdict = self.set.decide(question).verdict;
        self.write(question, &verdict);
        verdict
    }

    fn write(&mut self, question: &Question, verdict: &Verdict) {
        let input = serde_json::to_string(question).expect("JSON");
        let told = serde_json::to_string(verdict).expect("JSON");
        let names = (question.case.as_str(), self.set.version().as_str(), question.hook.as_str());
        self.text += &line((self.next, question.now.unix(), 17), names, &input, &told);
        self.next += 1;
    }

    /// A whole recovery through the real core.
    fn recovery(&mut self, number: u8, reason: Reason, kind: &str) {
        let mut start = Start::complete("default").expect("a start");
        start.reason = reason;
        start.facts.account.kind = kind.to_owned();
        let (rules, version) = (Rules::default(), self.set.version().clone());
        let mut policy = |question: &Question| {
            let mut question = question.clone();
            question.case = CaseHandle::from_random([number; 16]);
            self.ask(&question)
        };
        let (mut journey, _) = Journey::open(&start, &version, &rules, &mut policy);
        let actions = [
            Action::Prove(Factor::Password),
            Action::Prove(Factor::Email),
            Action::Fail(Factor::Voice, Disposition::NoAnswer),
            Action::Wait(Duration::from_secs(60)),
            Action::Prove(Factor::Voice),
        ];
        for action in &actions {
            if journey.case.state == readmit_recovery::case::State::Proving {
                drop(journey.act(action, &rules, &mut policy).expect("it goes on"));
            }
        }
    }
}

/// Two owners who lost a device, one to whom it was stolen, and a member.
fn some() -> Log {
    let mut log = Log::new();
    log.recovery(1, Reason::Lost, "owner");
    log.recovery(2, Reason::Lost, "owner");
    log.recovery(3, Reason::Stolen, "owner");
    log.recovery(4, Reason::Lost, "member");
    log
}

fn replay_on(threads: usize, since: u64, log: &str, candidate: &Sources) -> Result<Report, LogError> {
    let watched =
        PolicySet::watched(candidate.clone(), Budget::default(), &Channels::default()).expect("a set");
    let (set, rules) = (load(candidate), Rules::default());
    let threads = NonZeroUsize::new(threads).expect("a thread");
    let replay = Replay::new(&set, &watched, &rules).threads(threads).since(Timestamp::from_unix(since));
    run(replay, log)
}

fn run(mut replay: Replay<'_>, log: &str) -> Result<Report, LogError> {
    let mut lines = Lines::open(Cursor::new(log.as_bytes()))?;
    while let Some(line) = lines.next_line()? {
        replay.line(line)?;
    }
    replay.finish()
}

fn replay(log: &str, candidate: &Sources) -> Result<Report, LogError> {
    replay_on(1, 0, log, candidate)
}

/// Every group as `effect count(after a change) hook reason kind: words`.
fn groups(report: &Report) -> Vec<String> {
    let told = |group: &readmit_policy::workbench::replay::Group| {
        format!(
            "{} {}({}) {} {} {}: {}",
            group.change.effect(),
            group.count,
            group.after_a_change,
            group.hook.as_str(),
            group.reason.as_str(),
            group.kind,
            group.change
        )
    };
    report.groups.iter().map(told).collect()
}

#[test]
fn the_same_version_decides_the_same() {
    let log = some();
    let report = replay(&log.text, &shipped()).expect("a report");
    // An owner's recovery: open, proved twice, failed, proved, recovered.
    assert_eq!((report.decisions(), report.same, report.cases), (19, 19, 4));
    assert_eq!(report.groups, []);
    assert_eq!(report.versions, BTreeMap::from([(log.set.version().clone(), 19)]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_version_decides_the_same_about_anything(
        reason in 0..Reason::ALL.len(),
        hook in 0..Hook::ALL.len(),
        kind in "[a-zäß\"\\\\\n☃]{0,8}",
        realm in "[a-z]{1,8}",
        flags in any::<[bool; 6]>(),
        times in any::<[u64; 3]>(),
        count in any::<u32>(),
        texts in proptest::collection::btree_map(".{0,6}", ".{0,6}", 0..4),
    ) {
        let mut question = question::question(Hook::ALL[hook]);
        question.reason = Reason::ALL[reason];
        question.now = Timestamp::from_unix(times[0]);
        let account = &mut question.facts.account;
        (account.kind, account.realm, account.attributes) = (kind, realm, texts);
        account.created_at = Timestamp::from_unix(times[1]);
        account.has.password = flags[0];
        account.has.recovery_codes = flags[1];
        account.phone = account.phone.take().filter(|_| flags[2]);
        account.email = account.email.take().filter(|_| flags[3]);
        if let Some(phone) = &mut account.phone {
            phone.on_lost_device = flags[4];
            phone.verified_at = flags[5].then(|| Timestamp::from_unix(times[2]));
        }
        if let Some(failure) = &mut question.failure {
            failure.count = count;
        }
        let verdict = SHIPPED.decide(&question).verdict;
        let (input, verdict) = (serde_json::to_string(&question), serde_json::to_string(&verdict));
        let names = (question.case.as_str(), "v1", question.hook.as_str());
        let log = header() + &line((1, 0, 0), names, &input.expect("JSON"), &verdict.expect("JSON"));
        let report = run(Replay::new(&SHIPPED, &SHIPPED, &Rules::default()), &log).expect("a report");
        prop_assert_eq!((report.same, report.groups.len()), (1, 0));
    }
}

#[test]
fn changes_are_grouped_and_weakened_first() {
    let weaker = changed("\"password\", \"email\", \"voice\"", "\"password\", \"email\"");
    let report = replay(&some().text, &weaker).expect("a report");
    assert_eq!(
        groups(&report),
        [
            "weaker 2(0) open lost owner: asks for voice no longer",
            "weaker 1(0) open stolen owner: asks for voice no longer",
        ]
    );
    assert_eq!((report.same, report.decisions(), report.count(Effect::Weaker)), (16, 19, 3));
    let example = &report.groups[0].example;
    assert_eq!((example.id, example.case.as_str()), (1, "01".repeat(16).as_str()));
    let facts: Vec<String> = example.facts.iter().map(|(fact, value)| format!("{fact}: {value}")).collect();
    assert_eq!(
        facts,
        [
            "account.email: on file",
            "account.email.verified_at: 365 days ago",
            "account.phone: on file",
            "account.phone.verified_at: 365 days ago",
            "account.phone.on_lost_device: no",
            "account.has.password: yes",
        ]
    );
}

#[test]
fn what_comes_after_a_change_is_marked() {
    let text = shipped().files()["default.lua"].clone();
    let both = sources(
        &text
            .replace("hold_if_stolen = hours(24)", "hold_if_stolen = hours(1)")
            .replace("failures_to_support = 3", "failures_to_support = 1"),
    );
    let report = replay(&some().text, &both).expect("a report");
    assert_eq!(
        groups(&report),
        [
            "weaker 1(1) recovered stolen owner: is held for 1 hour instead of 24 hours",
            "stronger 2(0) failed lost owner: goes to support instead of being tried again after 1 minute",
            "stronger 1(0) failed stolen owner: goes to support instead of being tried again after 1 minute",
        ]
    );
}

#[test]
fn a_candidate_that_fails_or_goes_under_the_floor_is_listed() {
    let broken = changed("-- The device has just been put right.", "local nothing = (nil :: any).x");
    let report = replay(&some().text, &broken).expect("a report");
    let told = groups(&report);
    assert_eq!(told.len(), 2);
    assert!(
        told[0].starts_with("failing 2(0) recovered lost owner: fails in the policy: default.lua:"),
        "{told:?}"
    );
    assert_eq!(report.count(Effect::Failing), 3);
    let under = changed("\"password\", \"email\", \"voice\"", "\"email\", \"voice\"");
    let report = replay(&some().text, &under).expect("a report");
    assert!(
        groups(&report)[0].contains("fails in the policy: email and voice alone is below the floor aal2")
    );
}

#[test]
fn decisions_before_a_time_are_passed_over() {
    let mut log = Log::new();
    for second in 0..4 {
        let mut question = question::question(Hook::Open);
        question.now = Timestamp::from_unix(question::NOW + second);
        let _ = log.ask(&question);
    }
    let report = replay_on(1, question::NOW + 2, &log.text, &shipped()).expect("a report");
    assert_eq!((report.decisions(), report.cases), (2, 2));
    let first_and_last = [2, 3].map(|second| Timestamp::from_unix(question::NOW + second));
    assert_eq!(report.period, Some(first_and_last.into()));
    let none = replay_on(1, u64::MAX, &log.text, &shipped()).expect("a report");
    assert_eq!((none.decisions(), none.period), (0, None));
}

#[test]
fn the_report_does_not_depend_on_the_number_of_threads() {
    let mut log = Log::new();
    let mut question = question::question(Hook::Open);
    for number in 0..MAX_BATCH_LINES as u64 + 100 {
        question.case = CaseHandle::from_random(u128::from(number / 2).to_be_bytes());
        question.facts.account.kind = format!("kind-{}", number % 7);
        let _ = log.ask(&question);
    }
    let weaker = changed("\"password\", \"email\", \"voice\"", "\"password\", \"voice\"");
    let one = replay_on(1, 0, &log.text, &weaker).expect("a report");
    assert_eq!(one.count(Effect::Weaker), MAX_BATCH_LINES as u64 + 100);
    assert_eq!(
        one.groups.iter().map(|group| group.after_a_change).sum::<u64>(),
        MAX_BATCH_LINES as u64 / 2 + 50
    );
    for threads in [2, 3, 64] {
        assert_eq!(replay_on(threads, 0, &log.text, &weaker).expect("a report"), one);
    }
    // An error is the first of the log, not the first that a thread came upon.
    let cut = log.text.replace("kind-3", "kind-\u{1}");
    for threads in [1, 3] {
        let error = replay_on(threads, 0, &cut, &weaker).expect_err("corrupt");
        assert!(error.to_string().starts_with("line 5: "), "{error}");
    }
}

#[test]
fn ways_to_change_beyond_the_limit_are_counted() {
    let mut log = Log::new();
    let mut question = question::question(Hook::Open);
    for number in 0..MAX_GROUPS + 5 {
        question.facts.account.kind = format!("kind-{number}");
        let _ = log.ask(&question);
    }
    let weaker = changed("\"password\", \"email\", \"voice\"", "\"password\", \"voice\"");
    let report = replay(&log.text, &weaker).expect("a report");
    assert_eq!((report.groups.len(), report.unlisted[&Effect::Weaker]), (MAX_GROUPS, 5));
    assert_eq!(report.decisions(), MAX_GROUPS as u64 + 5);
}

#[test]
fn a_corrupt_log_is_an_error_with_its_line() {
    let log = some().text;
    let lines: Vec<&str> = log.lines().collect();
    let swapped = [lines[0], lines[2], lines[1], ""].join("\n");
    let deep = format!("{}{}\n", lines[0].to_owned() + "\n", "[".repeat(100_000));
    let long = format!("{}\n\"{}\"\n", lines[0], "x".repeat(MAX_LOG_LINE_BYTES));
    let endless = format!("{}\n{}", lines[0], "x".repeat(MAX_LOG_LINE_BYTES + 2));
    let table = [
        (String::new(), "line 1: this is no decision log"),
        ("PK\u{3}\u{4}".to_owned(), "line 1: this is no decision log"),
        ("x".repeat(MAX_LOG_LINE_BYTES + 2), "line 1: this is no decision log"),
        (log.replacen("{\"readmit_decisions\":1}\n", "", 1), "line 1: this is no decision log"),
        (log.replacen(":1}", ":1,\"more\":2}", 1), "line 1: this is no decision log"),
        (
            log.replacen(":1}", ":2}", 1),
            "line 1: the log has format 2, and this version of readmit reads format 1",
        ),
        (log[..log.len() - 1].to_owned(), "line 20: the log is cut off"),
        (log[..log.len() - 50].to_owned(), "line 20: the log is cut off"),
        (format!("{log}\n"), "line 21: this is no decision"),
        (format!("{log}{{}}\n"), "line 21: this is no decision"),
        (log.replacen("\"id\":2,", "\"id\":-2,", 1), "line 3: this is no decision"),
        (log.replacen("\"id\":2,", "\"id\":2,\"id\":2,", 1), "line 3: this is no decision"),
        (log.replacen("\"micros\":17}", "\"micros\":17}}", 1), "line 2: this is no decision"),
        (log.replacen("\"reason\":\"lost\"", "\"reason\":\"bored\"", 1), "line 2: this is no decision"),
        (log.replacen("\"verdict\":\"prove\"", "\"verdict\":\"perhaps\"", 1), "line 2: this is no decision"),
        (swapped, "line 3: decision 1 comes after decision 2"),
        (log.replacen("\"id\":3,", "\"id\":2,", 1), "line 4: decision 2 comes after decision 2"),
        (
            log.replacen("\"hook\":\"open\"", "\"hook\":\"failed\"", 1),
            "line 2: the decision and its question name different hooks",
        ),
        (
            log.replacen("{\"hook\":\"open\"", "{\"hook\":\"recovered\"", 1).replacen(
                "\"hook\":\"open\"",
                "\"hook\":\"recovered\"",
                1,
            ),
            "line 2: the decision and its question name different hooks: the verdict is of another",
        ),
        (
            log.replacen("\"case\":\"0101", "\"case\":\"0202", 1),
            "line 2: the decision and its question name different cases",
        ),
        (
            log.replacen("\"password\":true", "\"password\":true,\"passkey\":true", 1),
            "line 2: the question has `input.facts.account.has.passkey`, which this version of readmit does not know",
        ),
        (deep, "line 2: this is no decision"),
        (long, "line 2: the line is longer than"),
        (endless, "line 2: the line is longer than"),
    ];
    for (text, wanted) in table {
        let error = match replay(&text, &shipped()) {
            Ok(report) => panic!("{wanted}: {report:?}"),
            Err(error) => error,
        };
        assert!(error.to_string().starts_with(wanted), "{wanted}: {error}");
        assert!(error.hint().len() > 20);
    }
    let mut bytes = log.into_bytes();
    let at = bytes.windows(5).position(|window| window == b"alice").expect("an account");
    bytes[at] = 0xff;
    let mut lines = Lines::open(Cursor::new(bytes)).expect("a log");
    let set = load(&shipped());
    let rules = Rules::default();
    let mut replay = Replay::new(&set, &set, &rules);
    while let Some(line) = lines.next_line().expect("lines") {
        replay.line(line).expect("a batch");
    }
    assert!(matches!(replay.finish(), Err(LogError::Malformed { line: 2, .. })));
}

#[test]
fn a_log_of_a_neighbouring_version_is_read() {
    let log = some().text;
    // A later daemon may say more beside the question; an earlier one knew nothing of contacts.
    let later = log.replace("\"micros\":17}", "\"micros\":17,\"uid\":0}");
    let earlier = log.replace(",\"contacts\":false", "");
    assert!(later != log && earlier != log);
    for text in [later, earlier] {
        let report = replay(&text, &shipped()).expect("a report");
        assert_eq!((report.same, report.groups.len()), (19, 0));
    }
}

#[test]
fn a_verdict_that_was_none_is_held_against_support() {
    let mut log = Log::new();
    let question = question::question(Hook::Open);
    log.write(&question, &Verdict::Unable { cause: "default.lua:1: out of memory".to_owned() });
    // No daemon writes a plan without end, but a log is only a file.
    let huge = format!(
        "{{\"verdict\":\"prove\",\"plan\":{}}}",
        "{\"all\":[".repeat(20) + "{\"factor\":\"email\"}" + &"]}".repeat(20)
    );
    let input = serde_json::to_string(&question).expect("JSON");
    log.text += &line((2, 0, 0), (question.case.as_str(), "v1", "open"), &input, &huge);
    let report = replay(&log.text, &shipped()).expect("a report");
    assert_eq!(
        groups(&report),
        [
            "weaker 2(1) open lost owner: asks for password, then email, then voice instead of failing in the policy"
        ]
    );
}
