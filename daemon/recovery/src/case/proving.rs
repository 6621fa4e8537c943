//! Proving: challenges, proofs, links, calls and their ends.

use super::apply::Turn;
use super::refusal::Refusal;
use super::{Challenge, ChallengeStatus, Standing, State, Track};
use crate::command::{Call, Command, Message, Purpose};
use crate::disposition::Disposition;
use crate::event::{Comparison, Phase, Proof, Reply};
use crate::factor::Factor;
use crate::id::DeliveryId;
use crate::limits::{
    CALL_LIFE, FIRST_RESEND_WAIT, LONGEST_CODE, LONGEST_CONTACT_CODE, LONGEST_EMAIL_CODE,
    LONGEST_RESEND_WAIT, MAX_DETAIL_CHARS, PRETENDED_CALL, PRETENDED_MAIL, TRIES_PER_CALL, TRIES_PER_CASE,
    TRIES_PER_CHALLENGE,
};
use crate::plan::Atom;
use crate::secret::{Secret, SecretHash};

/// How many digits a code has.
const CODE_DIGITS: u8 = 6;

impl Turn<'_> {
    /// Starts a factor's challenge, or sends it again. Sending again keeps the code and every count.
    pub(super) fn challenge_requested(&mut self, factor: Factor) -> Result<Reply, Refusal> {
        self.check_open(&factor)?;
        if factor.channel().is_none() {
            return Err(Refusal::NothingToSend(factor));
        }
        let now = self.moment.now;
        let track = self.case.tracks.entry(factor.clone()).or_default();
        if track.is_exhausted() {
            return Err(Refusal::Spent(factor));
        }
        if track.start_after > now {
            return Err(Refusal::TooSoon { until: track.start_after });
        }
        let live = track.challenge.as_ref().filter(|challenge| challenge.is_live(now));
        // The page shows a call's code, so each call has its own; a mail may be sent again with the same.
        let calls = factor == Factor::Voice;
        if calls && live.is_some_and(|challenge| challenge.status == ChallengeStatus::Delivering) {
            return Err(Refusal::UnderWay);
        }
        if calls || live.is_none() {
            self.new_challenge(&factor);
        }
        self.deliver(factor);
        Ok(Reply::Done)
    }

    /// Takes a typed proof, or what comparing it with the store gave.
    pub(super) fn proof_submitted(&mut self, factor: &Factor, proof: Proof) -> Result<Reply, Refusal> {
        self.check_open(factor)?;
        let comparison = match (factor, proof) {
            (Factor::Voice | Factor::Approval, _) => return Err(Refusal::NotTypedHere(factor.clone())),
            (Factor::Email | Factor::Contact | Factor::Channel(_), Proof::Code(code)) => {
                let expected = self.live_challenge(factor)?.code.clone();
                compare(expected.as_ref(), &code)
            }
            (
                Factor::Password | Factor::RecoveryCode | Factor::Totp | Factor::Resync | Factor::Pass,
                Proof::Compared(comparison),
            ) => {
                self.challenge_of_store(factor)?;
                comparison
            }
            (factor, Proof::Code(_) | Proof::Compared(_)) => return Err(Refusal::WrongKind(factor.clone())),
        };
        Ok(self.compared(factor, comparison))
    }

    /// Takes a click on an e-mailed link: a proof in the browser that opened the case, a code elsewhere.
    pub(super) fn link_opened(&mut self, number: u32, browser: Option<SecretHash>) -> Result<Reply, Refusal> {
        self.check_open(&Factor::Email)?;
        let challenge = self.live_challenge(&Factor::Email)?;
        if challenge.number != number {
            return Err(Refusal::ChallengeOver);
        }
        let code = challenge.code.clone();
        if browser.is_some() && browser == self.case.browser {
            return Ok(self.compared(&Factor::Email, Comparison::Right));
        }
        self.record("link_opened_elsewhere", vec![("factor", "email".to_owned())]);
        code.map(|code| Reply::CodeToType { code }).ok_or(Refusal::ChallengeOver)
    }

    /// Notes how far a delivery is.
    pub(super) fn delivery_progressed(
        &mut self,
        delivery: &DeliveryId,
        phase: Phase,
    ) -> Result<Reply, Refusal> {
        let factor = self.factor_under_way(delivery).ok_or(Refusal::UnknownDelivery)?;
        if let Some(challenge) = self.challenge_mut(&factor) {
            challenge.phase = Some(phase);
        }
        Ok(Reply::Done)
    }

    /// Compares the digits typed on the phone.
    pub(super) fn digits_entered(
        &mut self,
        delivery: &DeliveryId,
        digits: &Secret,
    ) -> Result<Reply, Refusal> {
        // Only a call takes keys: a plugin that delivered a code must not answer it too.
        let calls = |factor: &Factor| *factor == Factor::Voice;
        let factor = self.factor_of(delivery).filter(calls).ok_or(Refusal::UnknownDelivery)?;
        self.check_open(&factor)?;
        let challenge = self.live_challenge(&factor)?;
        if challenge.wrong_in_call >= TRIES_PER_CALL {
            return Err(Refusal::ChallengeOver);
        }
        let comparison = compare(challenge.code.as_ref(), digits);
        if comparison == Comparison::Wrong
            && let Some(challenge) = self.challenge_mut(&factor)
        {
            challenge.wrong_in_call += 1;
        }
        Ok(self.compared(&factor, comparison))
    }

    /// Takes the end of a delivery. One that no challenge waits for is only recorded.
    pub(super) fn delivery_ended(&mut self, delivery: &DeliveryId, disposition: Disposition, detail: String) {
        let proving = self.case.state == State::Proving;
        let factor = self.factor_under_way(delivery).filter(|_| proving);
        let detail = self.without_addresses(&detail);
        self.record(
            "delivery_ended",
            vec![
                ("delivery", delivery.to_string()),
                ("factor", factor.as_ref().map(ToString::to_string).unwrap_or_default()),
                ("disposition", disposition.as_str().to_owned()),
                ("detail", detail),
            ],
        );
        let calls = self.factor_of(delivery) == Some(Factor::Voice);
        if calls && disposition == Disposition::Reported {
            return self.reported();
        }
        let Some(factor) = factor else { return };
        if let Some(challenge) = self.challenge_mut(&factor) {
            challenge.status = if calls { ChallengeStatus::Over } else { ChallengeStatus::Live };
            challenge.phase = None;
        }
        match disposition {
            Disposition::Sent if !calls => self.track(&factor).disposition = Some(disposition),
            // The right digits are known here before the call ends; a plugin that says otherwise is wrong. So is
            // one that heard a key in a message.
            Disposition::Sent | Disposition::Entered | Disposition::Reported => {
                self.command(Command::RaiseAlert("plugin_contradicts"));
                self.failed(&factor, Disposition::ProviderError);
            }
            other => self.failed(&factor, other),
        }
    }

    /// Refuses a factor that is not to be worked on now.
    pub(super) fn check_open(&self, factor: &Factor) -> Result<(), Refusal> {
        if self.case.is_open(factor) {
            return Ok(());
        }
        let atom = Atom::Factor(factor.clone());
        let asked = self.case.plan.as_ref().is_some_and(|plan| plan.atoms().contains(&atom));
        Err(match (asked, self.case.holds(&atom)) {
            (false, _) => Refusal::NotAsked(factor.clone()),
            (true, true) => Refusal::AlreadyProven(factor.clone()),
            (true, false) => Refusal::NotYet(factor.clone()),
        })
    }

    fn compared(&mut self, factor: &Factor, comparison: Comparison) -> Reply {
        // Whatever an unknown account offers is wrong, even a lucky guess of a code that nobody was sent.
        let comparison = if self.case.standing == Standing::Decoy { Comparison::Wrong } else { comparison };
        match comparison {
            Comparison::Right => {
                let tries_left = self.tries_left(factor);
                self.proved(factor);
                Reply::Proof { comparison, tries_left }
            }
            Comparison::Wrong => {
                self.track(factor).wrong += 1;
                if let Some(challenge) = self.challenge_mut(factor) {
                    challenge.wrong += 1;
                }
                self.command(Command::CountFailure(factor.clone()));
                let tries_left = self.tries_left(factor);
                self.record(
                    "proof_refused",
                    vec![("factor", factor.to_string()), ("tries_left", tries_left.to_string())],
                );
                // A call says itself when it ends; any other challenge is lost here.
                if tries_left == 0 && *factor != Factor::Voice {
                    self.failed(factor, Disposition::WrongCode);
                }
                Reply::Proof { comparison, tries_left }
            }
        }
    }

    fn tries_left(&self, factor: &Factor) -> u32 {
        let Some(track) = self.case.tracks.get(factor) else { return 0 };
        let in_case = TRIES_PER_CASE.saturating_sub(track.wrong);
        let in_challenge = track.challenge.as_ref().map_or(0, |challenge| {
            let in_call = if *factor == Factor::Voice {
                TRIES_PER_CALL.saturating_sub(challenge.wrong_in_call)
            } else {
                TRIES_PER_CHALLENGE
            };
            in_call.min(TRIES_PER_CHALLENGE.saturating_sub(challenge.wrong))
        });
        in_case.min(in_challenge)
    }

    fn new_challenge(&mut self, factor: &Factor) {
        let rules = self.moment.rules;
        let life = match factor {
            Factor::Email => rules.email_code_for.min(LONGEST_EMAIL_CODE),
            // Somebody else has to read it and to be spoken to.
            Factor::Contact => rules.contact_code_for.min(LONGEST_CONTACT_CODE),
            // What only the store can compare waits as long as the case.
            _ if factor.channel().is_none() => rules.open_for,
            _ => rules.code_for.min(LONGEST_CODE),
        };
        // A delivery of the challenge before may still be under way, a ringing phone even.
        if let Some(old) = self.challenge_mut(factor).filter(|old| old.status == ChallengeStatus::Delivering)
        {
            let called_off = old.delivery.clone().map(Command::CancelDelivery);
            self.commands.extend(called_off);
        }
        self.case.challenges += 1;
        let number = self.case.challenges;
        let code = factor.channel().map(|_| self.moment.seed.code(&format!("code {number}")));
        let now = self.moment.now;
        let status = ChallengeStatus::Live;
        let track = self.track(factor);
        track.disposition = None;
        track.challenge = Some(Challenge {
            number,
            code,
            started_at: now,
            expires_at: now.plus(life),
            wrong: 0,
            wrong_in_call: 0,
            delivery: None,
            phase: None,
            status,
        });
    }

    /// A factor that only the store can compare begins with its first proof.
    fn challenge_of_store(&mut self, factor: &Factor) -> Result<(), Refusal> {
        let now = self.moment.now;
        let track = self.track(factor);
        if track.is_spent() {
            return Err(Refusal::Spent(factor.clone()));
        }
        if track.start_after > now {
            return Err(Refusal::TooSoon { until: track.start_after });
        }
        if !track.challenge.as_ref().is_some_and(|challenge| challenge.is_live(now)) {
            self.new_challenge(factor);
        }
        Ok(())
    }

    fn deliver(&mut self, factor: Factor) {
        let (sends, number) =
            self.case.tracks.get(&factor).map_or((0, 0), |track| (track.sends, track.number));
        let Some(to) = self.case.addresses.of(&factor, sends, number) else {
            if let Some(challenge) = self.challenge_mut(&factor) {
                challenge.end();
            }
            self.failed(&factor, Disposition::Blocked);
            return;
        };
        let id = self.new_delivery();
        let now = self.moment.now;
        let track = self.track(&factor);
        let wait = FIRST_RESEND_WAIT.saturating_mul(1 << track.sends.min(16)).min(LONGEST_RESEND_WAIT);
        track.sends += 1;
        // After a call the policy says when to call again.
        track.start_after = if factor == Factor::Voice { now } else { now.plus(wait) };
        track.disposition = None;
        let Some(challenge) = track.challenge.as_mut() else { return };
        challenge.delivery = Some(id.clone());
        challenge.status = ChallengeStatus::Delivering;
        challenge.phase = None;
        let challenge = challenge.clone();
        self.record(
            "challenge_sent",
            vec![
                ("factor", factor.to_string()),
                ("challenge", challenge.number.to_string()),
                ("delivery", id.to_string()),
            ],
        );
        if self.case.standing == Standing::Decoy {
            let (disposition, after) = match factor {
                Factor::Voice => (Disposition::NoAnswer, PRETENDED_CALL),
                _ => (Disposition::Sent, PRETENDED_MAIL),
            };
            self.command(Command::PretendDelivery { id, disposition, ends_at: now.plus(after) });
            return;
        }
        if factor == Factor::Voice {
            let tries = self.tries_left(&factor);
            let deadline = now.plus(CALL_LIFE);
            self.command(Command::PlaceCall(Call { id, to, digits: CODE_DIGITS, tries, deadline }));
            return;
        }
        let (purpose, fields) = if factor == Factor::Contact {
            (Purpose::Contact, self.for_the_contact(&challenge))
        } else {
            (Purpose::Verification, self.for_the_person(&factor, &challenge))
        };
        let channel = factor.channel().unwrap_or_default().to_owned();
        let deadline = challenge.expires_at;
        self.command(Command::SendMessage(Message { id, channel, to, purpose, fields, deadline }));
        // Once a case: the owner learns of it, and nobody is flooded by having it sent again.
        if factor == Factor::Contact && sends == 0 {
            self.notify("contact_asked", None);
        }
    }

    fn live_challenge(&self, factor: &Factor) -> Result<&Challenge, Refusal> {
        let track = self.case.tracks.get(factor).ok_or(Refusal::NotStarted)?;
        let challenge = track.challenge.as_ref().ok_or(Refusal::NotStarted)?;
        if track.is_spent() {
            return Err(Refusal::Spent(factor.clone()));
        }
        if challenge.is_live(self.moment.now) { Ok(challenge) } else { Err(Refusal::ChallengeOver) }
    }

    fn factor_of(&self, delivery: &DeliveryId) -> Option<Factor> {
        let is_of =
            |track: &Track| track.challenge.as_ref().and_then(|c| c.delivery.as_ref()) == Some(delivery);
        self.case.tracks.iter().find(|(_, track)| is_of(track)).map(|(factor, _)| factor.clone())
    }

    /// The factor whose last delivery this is, as long as it has not ended and somebody waits for it.
    fn factor_under_way(&self, delivery: &DeliveryId) -> Option<Factor> {
        let under_way = |challenge: &Challenge| challenge.status == ChallengeStatus::Delivering;
        self.factor_of(delivery).filter(|factor| {
            self.case.tracks.get(factor).and_then(|track| track.challenge.as_ref()).is_some_and(under_way)
        })
    }

    /// A provider's words for the journal: one line, not too long, and without the whole addresses that mail
    /// servers like to repeat.
    fn without_addresses(&self, detail: &str) -> String {
        let addresses = &self.case.addresses;
        let plain: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let emails = addresses.email.iter().chain(&addresses.contacts).chain(&addresses.notices);
        let plain = emails.fold(plain, |text, email| text.replace(email.as_str(), &email.masked()));
        let phones = addresses.phone.iter().chain(&addresses.other_phones);
        let plain = phones
            .fold(plain, |text, phone| text.replace(phone.as_str().trim_start_matches('+'), &phone.masked()));
        plain.chars().take(MAX_DETAIL_CHARS).collect()
    }

    pub(super) fn track(&mut self, factor: &Factor) -> &mut Track {
        self.case.tracks.entry(factor.clone()).or_default()
    }

    pub(super) fn challenge_mut(&mut self, factor: &Factor) -> Option<&mut Challenge> {
        self.track(factor).challenge.as_mut()
    }
}

fn compare(expected: Option<&Secret>, given: &Secret) -> Comparison {
    let given = Secret::new(given.expose().replace([' ', '-'], ""));
    if expected.is_some_and(|expected| *expected == given) { Comparison::Right } else { Comparison::Wrong }
}
