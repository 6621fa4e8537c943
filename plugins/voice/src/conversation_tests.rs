//! Whole conversations as scripts: what happens, second by second, and what the machine does about it.

use super::*;

/// A step of a script.
#[derive(Clone, Copy)]
enum Step {
    /// Something happens.
    On(Event),
    /// Keys are pressed, 100 ms apart.
    Keys(&'static str),
    /// Seconds pass; deadlines are met on the way.
    Wait(u64),
}
use Step::{Keys, On, Wait};

const RULES: Rules = Rules {
    digits: 6,
    tries: 3,
    first_key: Duration::from_secs(10),
    next_key: Duration::from_secs(5),
    events_negotiated: true,
};

const MEDIA: Step = On(Event::MediaArrived);
const PROMPTED: Step = On(Event::PromptEnded);
const RIGHT: Step = On(Event::Checked { accepted: true, tries_left: 2 });

fn wrong(tries_left: u8) -> Step {
    On(Event::Checked { accepted: false, tries_left })
}

/// Runs a script and writes down what was done: prompts by name, `check` with the digits, `!` and the end.
fn run(rules: Rules, script: &[Step]) -> Vec<String> {
    let mut conversation = Conversation::new(rules);
    let mut now = Duration::ZERO;
    let mut done = Vec::new();
    for step in script {
        match *step {
            On(event) => note(conversation.on(event, now), &mut done),
            Keys(keys) => {
                for key in keys.chars() {
                    now += Duration::from_millis(100);
                    let key = match key {
                        '*' => Key::Star,
                        '#' => Key::Pound,
                        digit => Key::Digit(digit.to_digit(10).unwrap() as u8),
                    };
                    note(conversation.on(Event::KeyPressed(key), now), &mut done);
                }
            }
            Wait(seconds) => {
                let until = now + Duration::from_secs(seconds);
                while let Some(deadline) = conversation.deadline().filter(|deadline| *deadline <= until) {
                    now = now.max(deadline);
                    note(conversation.on_deadline(now), &mut done);
                }
                now = until;
            }
        }
    }
    done
}

fn note(actions: Vec<Action>, done: &mut Vec<String>) {
    for action in actions {
        match action {
            Action::Play(prompt) => done.push(prompt.as_str().to_owned()),
            Action::Check(entry) => done.push(format!("check {}", entry.expose())),
            Action::Report(Progress::WrongDigits) => done.push("wrong_digits".to_owned()),
            Action::End(disposition) => done.push(format!("!{disposition}")),
            Action::Hush | Action::Report(Progress::Prompting) => {}
        }
    }
}

#[test]
fn conversations() {
    let table: &[(&str, &[Step], &[&str])] = &[
        (
            "right at once",
            &[MEDIA, PROMPTED, Keys("123456"), RIGHT, PROMPTED],
            &["greeting", "check 123456", "accepted", "!entered"],
        ),
        (
            "no audio from the peer: the greeting starts by itself",
            &[Wait(1), PROMPTED, Keys("123456"), RIGHT, PROMPTED],
            &["greeting", "check 123456", "accepted", "!entered"],
        ),
        (
            "a digit cuts the prompt short",
            &[MEDIA, Keys("112233"), RIGHT, PROMPTED],
            &["greeting", "check 112233", "accepted", "!entered"],
        ),
        (
            "digits before the greeting",
            &[Keys("112233"), RIGHT, PROMPTED],
            &["check 112233", "accepted", "!entered"],
        ),
        (
            "star starts over, pound is ignored",
            &[MEDIA, PROMPTED, Keys("129*12#3456#"), RIGHT, PROMPTED],
            &["greeting", "check 123456", "accepted", "!entered"],
        ),
        (
            "wrong, then right",
            &[MEDIA, PROMPTED, Keys("000000"), wrong(2), PROMPTED, Keys("123456"), RIGHT, PROMPTED],
            &["greeting", "check 000000", "wrong_digits", "wrong", "check 123456", "accepted", "!entered"],
        ),
        (
            "wrong three times",
            &[
                MEDIA,
                PROMPTED,
                Keys("000000"),
                wrong(9),
                PROMPTED,
                Keys("000001"),
                wrong(8),
                PROMPTED,
                Keys("000002"),
                wrong(7),
                PROMPTED,
            ],
            &[
                "greeting",
                "check 000000",
                "wrong_digits",
                "wrong",
                "check 000001",
                "wrong_digits",
                "wrong",
                "check 000002",
                "wrong_digits",
                "too_many_tries",
                "!wrong_digits",
            ],
        ),
        (
            "the daemon allows no more",
            &[MEDIA, PROMPTED, Keys("000000"), wrong(0), PROMPTED],
            &["greeting", "check 000000", "wrong_digits", "too_many_tries", "!wrong_digits"],
        ),
        (
            "no keys at all",
            &[MEDIA, PROMPTED, Wait(11), PROMPTED, Wait(11), PROMPTED],
            &["greeting", "again", "no_input", "!no_input"],
        ),
        (
            "too few keys, twice",
            &[MEDIA, PROMPTED, Keys("123"), Wait(6), PROMPTED, Keys("12"), Wait(6), PROMPTED],
            &["greeting", "again", "no_input", "!no_input"],
        ),
        (
            "a partial entry is not continued after the prompt",
            &[MEDIA, PROMPTED, Keys("123"), Wait(6), PROMPTED, Keys("456"), Wait(6), PROMPTED],
            &["greeting", "again", "no_input", "!no_input"],
        ),
        (
            "asked again, then right",
            &[MEDIA, PROMPTED, Wait(11), PROMPTED, Keys("123456"), RIGHT, PROMPTED],
            &["greeting", "again", "check 123456", "accepted", "!entered"],
        ),
        (
            "a wrong entry earns a new round of patience",
            &[
                MEDIA,
                PROMPTED,
                Wait(11),
                PROMPTED,
                Keys("000000"),
                wrong(2),
                PROMPTED,
                Wait(11),
                PROMPTED,
                Wait(11),
                PROMPTED,
            ],
            &["greeting", "again", "check 000000", "wrong_digits", "wrong", "again", "no_input", "!no_input"],
        ),
        (
            "keys that come one every four seconds run into the limit of an entry",
            &[
                MEDIA,
                PROMPTED,
                Keys("1*"),
                Wait(4),
                Keys("1*"),
                Wait(9),
                Keys("1*"),
                Wait(9),
                Keys("1*"),
                Wait(9),
                Keys("1*"),
                Wait(9),
                Keys("1*"),
                Wait(9),
            ],
            &["greeting", "again"],
        ),
        ("hung up in the greeting", &[MEDIA, On(Event::HungUp)], &["greeting", "!hung_up"]),
        ("hung up before it", &[On(Event::HungUp)], &["!hung_up"]),
        (
            "hung up while typing",
            &[MEDIA, PROMPTED, Keys("123"), On(Event::HungUp)],
            &["greeting", "!hung_up"],
        ),
        (
            "hung up during the check: the answer comes too late",
            &[MEDIA, PROMPTED, Keys("123456"), On(Event::HungUp), RIGHT],
            &["greeting", "check 123456", "!hung_up"],
        ),
        (
            "hung up on the thanks: it counts",
            &[MEDIA, PROMPTED, Keys("123456"), RIGHT, On(Event::HungUp)],
            &["greeting", "check 123456", "accepted", "!entered"],
        ),
        (
            "cancelled on the thanks: it counts",
            &[MEDIA, PROMPTED, Keys("123456"), RIGHT, On(Event::Cancelled)],
            &["greeting", "check 123456", "accepted", "!entered"],
        ),
        ("cancelled", &[MEDIA, On(Event::Cancelled)], &["greeting", "!cancelled"]),
        ("too long", &[MEDIA, On(Event::TimeUp)], &["greeting", "!max_duration"]),
        ("audio stopped", &[MEDIA, On(Event::MediaStopped)], &["greeting", "!hung_up"]),
        (
            "no answer to the check",
            &[MEDIA, PROMPTED, Keys("123456"), On(Event::CheckFailed)],
            &["greeting", "check 123456", "!provider_error"],
        ),
        (
            "keys during the check are not kept for the next try",
            &[MEDIA, PROMPTED, Keys("000000789"), wrong(2), PROMPTED, Keys("123456"), RIGHT, PROMPTED],
            &["greeting", "check 000000", "wrong_digits", "wrong", "check 123456", "accepted", "!entered"],
        ),
        (
            "a lone 9 is asked back about, and counts the second time",
            &[MEDIA, PROMPTED, Keys("9"), Wait(6), PROMPTED, Keys("9"), Wait(6), PROMPTED],
            &["greeting", "report", "reported", "!reported"],
        ),
        (
            "a lone 9 cuts both prompts short",
            &[MEDIA, Keys("9"), Wait(6), Keys("9"), Wait(6), PROMPTED],
            &["greeting", "report", "reported", "!reported"],
        ),
        ("9 and pound is no mistake", &[MEDIA, Keys("9#"), PROMPTED], &["greeting", "reported", "!reported"]),
        ("9 and hung up", &[MEDIA, Keys("9"), On(Event::HungUp)], &["greeting", "!reported"]),
        (
            "9, asked back, and hung up",
            &[MEDIA, Keys("9"), Wait(6), On(Event::HungUp)],
            &["greeting", "report", "!reported"],
        ),
        (
            "9, and the sound stops: nobody said a thing",
            &[MEDIA, Keys("9"), On(Event::MediaStopped)],
            &["greeting", "!hung_up"],
        ),
        (
            "hung up on the goodbye: it counts",
            &[MEDIA, Keys("9#"), On(Event::HungUp)],
            &["greeting", "reported", "!reported"],
        ),
        (
            "a code that begins with 9",
            &[MEDIA, PROMPTED, Keys("9"), Wait(4), Keys("23456"), RIGHT, PROMPTED],
            &["greeting", "check 923456", "accepted", "!entered"],
        ),
        (
            "a code that begins with 9, typed slowly, twice",
            &[
                MEDIA,
                PROMPTED,
                Keys("9"),
                Wait(6),
                PROMPTED,
                Keys("9"),
                Wait(4),
                Keys("23456"),
                RIGHT,
                PROMPTED,
            ],
            &["greeting", "report", "check 923456", "accepted", "!entered"],
        ),
        (
            "a 9 is taken back by the star, and by other digits",
            &[MEDIA, Keys("9*"), Wait(11), PROMPTED, Keys("99"), Wait(6), PROMPTED],
            &["greeting", "again", "no_input", "!no_input"],
        ),
        (
            "a 9 that is asked back about and not said again",
            &[MEDIA, Keys("9"), Wait(6), PROMPTED, Wait(11), PROMPTED, On(Event::HungUp)],
            &["greeting", "report", "again", "!hung_up"],
        ),
        (
            "a 9 after other digits is a digit",
            &[MEDIA, Keys("12"), Wait(6), PROMPTED, Keys("1239"), On(Event::HungUp)],
            &["greeting", "again", "!hung_up"],
        ),
        (
            "a report after wrong digits",
            &[MEDIA, Keys("000000"), wrong(2), PROMPTED, Keys("9#"), PROMPTED],
            &["greeting", "check 000000", "wrong_digits", "wrong", "reported", "!reported"],
        ),
        (
            "nothing happens after the end",
            &[On(Event::HungUp), MEDIA, Keys("123456"), RIGHT, Wait(60), On(Event::HungUp)],
            &["!hung_up"],
        ),
    ];
    for (name, script, expected) in table {
        assert_eq!(run(RULES, script), *expected, "{name}");
    }
}

#[test]
fn silence_of_a_peer_without_keys_has_its_own_name() {
    let rules = Rules { events_negotiated: false, ..RULES };
    let silent = [MEDIA, PROMPTED, Wait(11), PROMPTED, Wait(11), PROMPTED];
    assert_eq!(run(rules, &silent).last().map(String::as_str), Some("!dtmf_unsupported"));
    let some = [MEDIA, PROMPTED, Keys("12"), Wait(11), PROMPTED, Wait(11), PROMPTED];
    assert_eq!(run(rules, &some).last().map(String::as_str), Some("!no_input"), "keys did arrive");
}

#[test]
fn the_length_of_an_entry_follows_the_rules() {
    let rules = Rules { digits: 8, ..RULES };
    let done = run(rules, &[MEDIA, PROMPTED, Keys("12345678"), RIGHT]);
    assert_eq!(done, ["greeting", "check 12345678", "accepted"]);
}

#[test]
fn the_summary_has_counts_and_no_keys() {
    let mut conversation = Conversation::new(RULES);
    for digit in [1, 2, 3] {
        let _ = conversation.on(Event::KeyPressed(Key::Digit(digit)), Duration::ZERO);
    }
    assert_eq!(conversation.summary(), "3 keys, 0 wrong entries");
}
