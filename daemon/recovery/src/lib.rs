//! The functional core of Readmit: a recovery case and everything that decides about it.
//!
//! No I/O, no clock, no randomness, no async: the time, the random bytes and the policy are arguments, so
//! everything here can be tested as a table. The one door is [`case::Case::apply`]: a case and an event give a
//! new case, [commands](command::Command) for the service and [records](command::Record) for the journal, or a
//! [refusal](case::Refusal) that has changed nothing.
//!
//! | to find | look in |
//! | --- | --- |
//! | which event does what in which state | [`case`], [`event`] |
//! | what a policy is asked and may answer | [`facts`], [`verdict`], [`plan`] |
//! | the floor under every policy | [`assurance`] |
//! | where a code is made and compared | [`secret`], [`totp`], [`recovery_code`], [`case`] |
//! | every limit | [`limits`] |
//!
//! One recovery, from opening to the sign-in:
//!
//! ```
//! use std::time::Duration;
//! use readmit_recovery::case::{Addresses, Case, Moment, Opening, Standing};
//! use readmit_recovery::event::{Comparison, Event, Proof, Reply};
//! use readmit_recovery::facts::{Facts, Hook, Question};
//! use readmit_recovery::plan::Plan;
//! use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};
//! # use readmit_recovery::{factor::Factor, rules::Rules, secret::Seed, time::Timestamp};
//! # let facts: Facts = serde_json::from_str(r#"{"account": {"id": "alice", "realm": "default",
//! #     "kind": "owner", "groups": [], "attributes": {}, "created_at": 0,
//! #     "has": {"password": true, "recovery_codes": true, "other_devices": false}},
//! #     "client": {"known": false}, "history": {"opened_24h": 0, "failed_24h": 0, "recovered_90d": 0}}"#)?;
//! // A policy is whatever answers questions; the same question must always get the same verdict.
//! let mut policy = |question: &Question| match question.hook {
//!     Hook::Open => Verdict::Prove {
//!         plan: Plan::All(vec![Plan::Factor(Factor::Password), Plan::Factor(Factor::RecoveryCode)]),
//!     },
//!     Hook::Proved => Verdict::Nothing,
//!     Hook::Failed => Verdict::Retry { after: Duration::from_secs(60), next_number: false },
//!     Hook::Recovered => Verdict::Outcome(Outcome {
//!         device: DeviceFate::Deactivate,
//!         force_password_change: false,
//!         revoke_sessions: false,
//!         hold: None,
//!         enroll_within: None,
//!     }),
//! };
//! let rules = Rules::default();
//! let now = Timestamp::from_unix(1_795_368_600);
//! let opening = Opening {
//!     id: "5f1c".to_owned().try_into()?,
//!     account: "alice".to_owned().try_into()?,
//!     standing: Standing::Known,
//!     reason: "lost".parse()?,
//!     policy: "v1".to_owned().try_into()?,
//!     facts,
//!     addresses: Addresses::default(),
//!     device: Some("old-phone".to_owned().try_into()?),
//!     browser: None,
//! };
//! // A real seed is drawn afresh for each event.
//! let mut case =
//!     Case::open(opening, Moment { now, seed: Seed::new([0; 32]), rules: &rules, policy: &mut policy }).case;
//! for (draw, factor) in [(1, Factor::Password), (2, Factor::RecoveryCode)] {
//!     let proof = Proof::Compared(Comparison::Right);
//!     let moment = Moment { now, seed: Seed::new([draw; 32]), rules: &rules, policy: &mut policy };
//!     case = case.apply(Event::ProofSubmitted { factor, proof }, moment)?.case;
//! }
//! assert_eq!(case.state.as_str(), "recovered");
//!
//! let moment = Moment { now, seed: Seed::new([3; 32]), rules: &rules, policy: &mut policy };
//! let signed_in = case.apply(Event::SignInClaimed, moment)?;
//! assert_eq!(signed_in.case.state.as_str(), "completed");
//! let Reply::SignIn { recovery_codes } = signed_in.reply else { unreachable!() };
//! assert_eq!(recovery_codes.len(), 10, "one was used, so the set is new");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod account;
pub mod address;
pub mod assurance;
pub mod case;
pub mod command;
pub mod disposition;
pub mod event;
pub mod factor;
pub mod facts;
pub mod id;
pub mod limits;
pub mod person;
pub mod plan;
pub mod recovery_code;
pub mod rules;
pub mod secret;
pub mod support;
pub mod time;
pub mod totp;
pub mod verdict;
