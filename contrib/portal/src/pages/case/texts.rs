//! Which text belongs to a factor, to how a step stands, and to how a delivery ended.

use maud::{Markup, html};

use super::standing::Step;
use crate::web::Visit;
use crate::words::{FluentArgs, FluentValue};

/// What stands for markup in a text until it is put there; no text holds it.
const HERE: &str = "\u{1}";

/// What kind of step a factor makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Password,
    Email,
    Voice,
    RecoveryCode,
    Totp,
    Resync,
    Approval,
    Pass,
    Contact,
    /// Any other channel of a plugin.
    Channel,
}

impl Kind {
    /// Every kind.
    #[cfg(test)]
    pub(super) const ALL: [Self; 10] = [
        Self::Password,
        Self::Email,
        Self::Voice,
        Self::RecoveryCode,
        Self::Totp,
        Self::Resync,
        Self::Approval,
        Self::Pass,
        Self::Contact,
        Self::Channel,
    ];

    pub(super) fn of(factor: &str) -> Self {
        match factor {
            "password" => Self::Password,
            "email" => Self::Email,
            "voice" => Self::Voice,
            "recovery_code" => Self::RecoveryCode,
            "totp" => Self::Totp,
            "resync" => Self::Resync,
            "approval" => Self::Approval,
            "pass" => Self::Pass,
            "contact" => Self::Contact,
            _ => Self::Channel,
        }
    }

    /// The end of the texts' keys.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Email => "email",
            Self::Voice => "voice",
            Self::RecoveryCode => "recovery-code",
            Self::Totp => "totp",
            Self::Resync => "resync",
            Self::Approval => "approval",
            Self::Pass => "pass",
            Self::Contact => "contact",
            Self::Channel => "channel",
        }
    }

    /// Whether something is delivered to prove it.
    pub(super) const fn is_delivered(self) -> bool {
        match self {
            Self::Email | Self::Voice | Self::Contact | Self::Channel => true,
            Self::Password | Self::RecoveryCode | Self::Totp | Self::Resync | Self::Approval | Self::Pass => {
                false
            }
        }
    }

    /// Whether its proof is typed into the page.
    pub(super) const fn is_typed(self) -> bool {
        !matches!(self, Self::Voice | Self::Approval)
    }

    /// Whether what is typed is digits alone.
    pub(super) const fn is_digits(self) -> bool {
        matches!(self, Self::Email | Self::Totp | Self::Resync | Self::Contact | Self::Channel)
    }
}

/// How a delivery or a challenge can end without having done what it was for, as the daemon names it.
const ENDS: [&str; 21] = [
    "busy",
    "no_answer",
    "declined",
    "no_input",
    "wrong_digits",
    "wrong_code",
    "hung_up",
    "rejected",
    "unreachable",
    "blocked",
    "invalid_number",
    "invalid_address",
    "trunk_auth",
    "trunk_forbidden",
    "provider_error",
    "media_negotiation",
    "dtmf_unsupported",
    "max_duration",
    "cancelled",
    "interrupted",
    "expired",
];

/// Of these, those that read otherwise where it was a message and not a call.
const ENDS_OF_MESSAGES: [&str; 5] = ["rejected", "unreachable", "blocked", "provider_error", "expired"];

/// What happened to a step that did not work, and what to do about it.
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) fix: String,
}

/// What to say about a step that did not work.
pub(super) fn failure(visit: &Visit, step: &Step<'_>) -> Option<Failure> {
    let (why, fix) = failure_keys(Kind::of(step.factor), step.why()?);
    let about = [("hint", hint(step))];
    Some(Failure { why: visit.say_with(&why, &about), fix: visit.say_with(&fix, &about) })
}

/// The keys of the cause, and of what to do.
fn failure_keys(kind: Kind, disposition: &str) -> (String, String) {
    let word = match (kind, disposition) {
        (kind, "wrong_code") if !kind.is_delivered() => "wrong-often".to_owned(),
        (kind, word) if kind != Kind::Voice && ENDS_OF_MESSAGES.contains(&word) => {
            format!("message-{}", word.replace('_', "-"))
        }
        (_, word) if ENDS.contains(&word) => word.replace('_', "-"),
        _ => "unknown".to_owned(),
    };
    (format!("case-why-{word}"), format!("case-fix-{word}"))
}

/// How far a call is, and what to do on the telephone.
pub(super) fn phase(visit: &Visit, step: &Step<'_>) -> String {
    let tries = step.view.tries_left.unwrap_or_default();
    let key = match phase_key(step.view.phase.as_deref()) {
        // The call asks again at once: that the digits before were wrong is what the person has to know.
        "prompting" if tries < TRIES_IN_CALL => "wrong-digits",
        key => key,
    };
    say_number(visit, &format!("case-phase-{key}"), "tries", tries)
}

/// How often digits may be typed in one call, as the daemon counts.
const TRIES_IN_CALL: u32 = 3;

/// The phases of a call, as they come; wrong digits lead back to the last.
pub(super) const PHASES: [&str; 4] = ["calling", "ringing", "answered", "prompting"];

/// Which of [`PHASES`] the call is in.
pub(super) fn phase_number(step: &Step<'_>) -> usize {
    let key = phase_key(step.view.phase.as_deref());
    PHASES.iter().position(|phase| *phase == key).unwrap_or(PHASES.len() - 1)
}

fn phase_key(phase: Option<&str>) -> &'static str {
    match phase {
        Some("ringing") => "ringing",
        Some("answered") => "answered",
        Some("prompting") => "prompting",
        Some("wrong_digits") => "wrong-digits",
        Some(_) | None => "calling",
    }
}

/// The text of a factor: `case-<what>-<factor>`.
pub(super) fn of_factor(visit: &Visit, what: &str, step: &Step<'_>) -> String {
    let about = [
        ("hint", hint(step)),
        ("sender", step.view.sender.as_deref().unwrap_or_default()),
        ("channel", step.factor),
    ];
    visit.say_with(&format!("case-{what}-{}", Kind::of(step.factor).key()), &about)
}

/// The masked address; `none` where there is none, which the texts know.
fn hint<'a>(step: &Step<'a>) -> &'a str {
    step.view.hint.as_deref().unwrap_or("none")
}

/// A text with a number in it.
pub(super) fn say_number(visit: &Visit, key: &str, name: &'static str, number: impl Into<u64>) -> String {
    let mut args = FluentArgs::new();
    args.set("organization", visit.portal.config.organization.as_str());
    args.set(name, FluentValue::from(number.into()));
    visit.language.say_with(key, &args)
}

/// A text with markup in the place of its variable `name`.
pub(super) fn say_around(visit: &Visit, key: &str, name: &str, put_in: &Markup) -> Markup {
    let text = visit.say_with(key, &[(name, HERE)]);
    let (before, after) = text.split_once(HERE).unwrap_or((text.as_str(), ""));
    html! { (before) (put_in) (after) }
}

/// How long until then, counted down by the script.
pub(super) fn countdown(visit: &Visit, until: u64, now: u64) -> Markup {
    let seconds = until.saturating_sub(now).max(1);
    let (key, number) = match seconds {
        0..=99 => ("case-seconds", seconds),
        100..=5999 => ("case-minutes", seconds.div_ceil(60)),
        _ => ("case-hours", seconds.div_ceil(3600)),
    };
    let text = say_number(visit, key, "number", number);
    html! { span class="countdown" data-until=(until) { (text) } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::standing::{Stand, State};
    use super::*;

    /// The keys of the file of this area, in one language.
    fn keys(language: &str) -> BTreeSet<String> {
        let path = format!("{}/languages/{language}/case.ftl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let key = |line: &str| line.split_once(" =").map(|(key, _)| key.to_owned());
        text.lines().filter(|line| line.starts_with("case-")).filter_map(key).collect()
    }

    /// Everything that a page may have to say of a case.
    fn wanted() -> BTreeSet<String> {
        let mut wanted = BTreeSet::new();
        for kind in Kind::ALL {
            let mut of_kind = vec!["title", "open"];
            of_kind.extend(
                kind.is_typed()
                    .then_some(["label", "field-hint", "empty", "wrong", "button"])
                    .into_iter()
                    .flatten(),
            );
            of_kind.extend(kind.is_digits().then_some("digits"));
            of_kind.extend(
                kind.is_delivered().then_some(["sent", "start", "again", "wait"]).into_iter().flatten(),
            );
            wanted.extend(of_kind.into_iter().map(|what| format!("case-{what}-{}", kind.key())));
            for disposition in ENDS.into_iter().chain(["", "dazzled"]) {
                let (why, fix) = failure_keys(kind, disposition);
                wanted.extend([why, fix]);
            }
        }
        for phase in [
            None,
            Some("calling"),
            Some("ringing"),
            Some("answered"),
            Some("prompting"),
            Some("wrong_digits"),
        ] {
            wanted.insert(format!("case-phase-{}", phase_key(phase)));
        }
        wanted.extend(PHASES.iter().map(|phase| format!("case-phase-{phase}-short")));
        wanted.extend(
            State::TOLD.iter().flat_map(|state| {
                [format!("case-{}-title", state.key()), format!("case-{}-text", state.key())]
            }),
        );
        wanted
    }

    #[test]
    fn every_factor_state_phase_and_end_has_its_text_in_every_language() {
        let english = keys("en");
        let missing: Vec<_> = wanted().difference(&english).cloned().collect();
        assert!(missing.is_empty(), "en lacks {missing:#?}");
        for language in ["de", "fr"] {
            let there = keys(language);
            let differs: Vec<_> = english.symmetric_difference(&there).collect();
            assert!(differs.is_empty(), "{language} and en differ in {differs:#?}");
        }
    }

    /// The words that a policy may meet, which are the daemon's: a test of the policy host holds the file to them.
    #[test]
    fn every_word_of_the_daemon_s_for_an_end_is_known() {
        let types = include_str!("../../../../../policies/types.d.luau");
        let (_, after) = types.split_once("export type Disposition =").unwrap();
        let (list, _) = after.split_once("\n\n").unwrap();
        let words: BTreeSet<_> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(words, BTreeSet::from(ENDS));
    }

    #[test]
    fn every_end_of_a_call_has_a_cause_and_a_next_step_of_its_own() {
        let told: BTreeSet<_> = ENDS.iter().map(|end| failure_keys(Kind::Voice, end)).collect();
        assert_eq!(told.len(), ENDS.len());
        assert_eq!(failure_keys(Kind::Voice, "dazzled").0, "case-why-unknown");
        assert_eq!(failure_keys(Kind::Email, "rejected").0, "case-why-message-rejected");
        assert_eq!(failure_keys(Kind::Password, "wrong_code").0, "case-why-wrong-often");
        assert!(Stand::AT_HAND.iter().all(|stand| *stand != Stand::Later));
    }
}
