//! A recovery told as a story: the views that the daemon shows and the answers that it gives.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::fake::{Call, Fake, Reply};
use crate::run::{Ended, readmit};

/// A scripted case: every call that does something has its answer and the views that follow it. A view is
/// shown once; as long as another follows, the case is said to have changed.
struct Story {
    views: VecDeque<Value>,
    turns: VecDeque<Turn>,
}

pub struct Turn {
    method: &'static str,
    reply: Reply,
    views: Vec<Value>,
}

pub fn turn(method: &'static str, reply: Value, views: Vec<Value>) -> Turn {
    Turn { method, reply: Reply::Value(reply), views }
}

pub fn failing(method: &'static str, error: &'static str, text: &'static str) -> Turn {
    Turn { method, reply: Reply::Error(error, text), views: vec![] }
}

impl Story {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.method == "Recovery1.Show" {
            if self.views.len() > 1 {
                return Reply::AndChanged(self.views.pop_front().unwrap(), "c1");
            }
            return Reply::Value(self.views[0].clone());
        }
        let Some(turn) = self.turns.pop_front() else { panic!("nothing more was to be asked: {call:?}") };
        assert_eq!(call.method, format!("Recovery1.{}", turn.method), "{call:?}");
        if !turn.views.is_empty() {
            self.views = turn.views.into();
        }
        turn.reply
    }
}

/// Plays a story from its first view; gives how the command ended and what was asked besides `Show`.
pub fn play(first: Value, turns: Vec<Turn>, arguments: &[&str], lines: &[&str]) -> (Ended, Vec<Value>) {
    let mut story = Story { views: [first].into(), turns: turns.into() };
    let fake = Fake::start(move |call| story.answer(call));
    let input = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let ended = readmit(&fake.address, &[&["recover"], arguments].concat(), &input);
    let asked = fake.calls().into_iter().filter(|call| call.method != "Recovery1.Show");
    (ended, asked.map(|call| call.arguments).collect())
}

/// A case of password, e-mail and call, of which `proven` are done and `current` is as told.
pub fn proving(proven: usize, current: Value) -> Value {
    let hints = [None, Some("a***@example.org"), Some("+1 *** 42")];
    let steps = ["password", "email", "voice"].iter().zip(hints).enumerate().map(|(at, (factor, hint))| {
        let state = match at.cmp(&proven) {
            std::cmp::Ordering::Less => "proven",
            std::cmp::Ordering::Equal => "open",
            std::cmp::Ordering::Greater => "waiting",
        };
        let mut step = json!({"factor": factor, "state": state, "tries_left": 5, "hint": hint});
        if at == proven {
            step.as_object_mut().unwrap().extend(current.as_object().unwrap().clone());
        }
        step
    });
    view("proving", json!({"steps": steps.collect::<Vec<_>>()}))
}

pub fn view(state: &str, more: Value) -> Value {
    let mut view = json!({"state": state, "account": "alice", "reason": "stolen", "expires_at": 4_000_000_000_u64,
        "steps": [], "tasks": [], "outcome": {}, "support": {"contact": "+1 555 0100"}});
    view.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    view
}

pub fn outcome() -> Value {
    json!({"device": "deactivate", "force_password_change": true, "revoke_sessions": true, "enroll_within": 604_800})
}

pub fn recovered(tasks: Value) -> Value {
    view("recovered", json!({"tasks": tasks, "outcome": outcome()}))
}

pub fn calling(phase: &str) -> Value {
    proving(2, json!({"state": "sent", "code": "482913", "phase": phase, "tries_left": 3}))
}

pub fn right() -> Value {
    json!({"accepted": true, "tries_left": 5, "state": "proving", "message": ""})
}

pub fn assert_says(ended: &Ended, words: &[&str]) {
    let mut rest = ended.output.as_str();
    for word in words {
        match rest.find(word) {
            Some(at) => rest = &rest[at + word.len()..],
            None => panic!(
                "`{word}` comes next, after what was said before it: {}\n{}",
                ended.output, ended.error
            ),
        }
    }
}
