//! A made-up case under way in the real core.

use readmit_recovery::case::{Case, Moment, Opening, Refusal, Standing, Transition};
use readmit_recovery::command::{Command, Record};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::{Comparison, Event, Proof, Reply, Resolution, Staff};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{CaseId, DeliveryId, PolicyVersion};
use readmit_recovery::limits::{TRIES_PER_CALL, TRIES_PER_CHALLENGE};
use readmit_recovery::rules::Rules;
use readmit_recovery::secret::{Secret, Seed};
use readmit_recovery::support::SupportForm;
use readmit_recovery::time::Timestamp;
use readmit_recovery::totp::{Authenticator, STEP_SECONDS};
use readmit_recovery::verdict::Policy;
use thiserror::Error;

use super::action::Action;
use super::start::{NOW, Start};

/// A case under way, with the time it is there.
///
/// Everything in it is the same whenever the same actions are taken: the time begins at [`NOW`] and passes only by
/// [`Action::Wait`], and codes and ids are drawn from a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The case.
    pub case: Case,
    /// The time.
    pub now: Timestamp,
    /// Whether support has resolved it: from then on people have decided, and not the policy alone.
    pub is_resolved: bool,
    drawn: u64,
}

/// What followed from one action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// What the daemon would do.
    pub commands: Vec<Command>,
    /// What the journal would say.
    pub records: Vec<Record>,
}

impl Step {
    fn and(&mut self, transition: Transition) -> (Case, Reply) {
        self.commands.extend(transition.commands);
        self.records.extend(transition.records);
        (transition.case, transition.reply)
    }
}

/// Why an action cannot be taken now.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stuck {
    /// The core refuses it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// It comes before its time.
    #[error("it is too soon: wait {seconds} seconds first")]
    TooSoon {
        /// How long to wait.
        seconds: u64,
    },
    /// A factor that is not delivered cannot fail like this.
    #[error("{factor} can only fail as wrong_code: nothing is delivered for it")]
    NotDelivered {
        /// The factor.
        factor: Factor,
    },
    /// Success is no failure.
    #[error("`{0}` is no failure: use prove or send")]
    NoFailure(&'static str),
    /// The right digits or the right code are not there to be given.
    #[error("no code is under way for {0}")]
    NoCode(Factor),
    /// The approval is the staff's.
    #[error("approvals are given by staff: use approve")]
    NotProvable,
}

type Done = Result<Step, Stuck>;

impl Journey {
    /// Opens a case.
    pub fn open(
        start: &Start,
        version: &PolicyVersion,
        rules: &Rules,
        policy: &mut dyn Policy,
    ) -> (Self, Step) {
        let opening = Opening {
            id: CaseId::from_random([0; 16]),
            account: start.facts.account.id.clone(),
            standing: Standing::Known,
            reason: start.reason,
            policy: version.clone(),
            facts: start.facts.clone(),
            addresses: start.addresses(),
            device: start.facts.device.as_ref().map(|device| device.id.clone()),
            browser: None,
        };
        let opened = Case::open(opening, Moment { now: NOW, seed: seed(0), rules, policy });
        let mut step = Step::default();
        let (case, _) = step.and(opened);
        (Self { case, now: NOW, is_resolved: false, drawn: 1 }, step)
    }

    /// Does what `action` says. Where it cannot be done, nothing has changed.
    ///
    /// # Errors
    /// [`Stuck`] says why not.
    pub fn act(&mut self, action: &Action, rules: &Rules, policy: &mut dyn Policy) -> Done {
        let mut walk = Walk { journey: self.clone(), rules, policy, step: Step::default() };
        walk.action(action)?;
        *self = walk.journey;
        Ok(walk.step)
    }
}

/// One action on its way, which may be several events.
struct Walk<'a> {
    journey: Journey,
    rules: &'a Rules,
    policy: &'a mut dyn Policy,
    step: Step,
}

impl Walk<'_> {
    fn action(&mut self, action: &Action) -> Result<(), Stuck> {
        match action {
            Action::Prove(factor) => self.prove(factor),
            Action::Mistake(factor) => self.mistake(factor),
            Action::Fail(factor, disposition) => self.fail(factor, *disposition),
            Action::Send(factor) => self.send(factor),
            Action::Wait(duration) => {
                self.journey.now = self.journey.now.plus(*duration);
                self.apply(Event::TimePassed).map(drop)
            }
            Action::Approve(by) => {
                self.apply(Event::Approved { by: staff(by), because: because() }).map(drop)
            }
            Action::Deny(by) => {
                self.apply(Event::DenialDecided { by: staff(by), because: because() }).map(drop)
            }
            Action::Resolve(resolution) => self.resolve(*resolution),
            Action::AskSupport => {
                let fields = [("problem".to_owned(), "other".to_owned())].into();
                let Ok(form) = SupportForm::parse(&fields) else { return Ok(()) };
                self.apply(Event::SupportRequested { form }).map(drop)
            }
            Action::Veto => self.apply(Event::VetoReceived).map(drop),
            Action::Cancel => self.apply(Event::CancelRequested).map(drop),
            Action::SignIn => self.apply(Event::SignInClaimed).map(drop),
            Action::ChangePassword => self.apply(Event::PasswordChanged).map(drop),
            Action::Enroll => self.enroll(),
        }
    }

    fn prove(&mut self, factor: &Factor) -> Result<(), Stuck> {
        match factor {
            Factor::Approval => Err(Stuck::NotProvable),
            Factor::Voice => {
                let delivery = self.delivery_under_way(factor)?;
                let digits = self.code(factor)?;
                self.apply(Event::DigitsEntered { delivery: delivery.clone(), digits })?;
                self.end(delivery, Disposition::Entered)
            }
            Factor::Email | Factor::Contact | Factor::Channel(_) => {
                self.arrive(factor)?;
                let code = self.code(factor)?;
                self.submit(factor, Proof::Code(code))
            }
            Factor::Password | Factor::RecoveryCode | Factor::Totp | Factor::Resync | Factor::Pass => {
                self.submit(factor, Proof::Compared(Comparison::Right))
            }
        }
    }

    fn mistake(&mut self, factor: &Factor) -> Result<(), Stuck> {
        match factor {
            Factor::Approval => Err(Stuck::NotProvable),
            Factor::Voice => {
                let delivery = self.delivery_under_way(factor)?;
                let digits = wrong(&self.code(factor)?);
                self.apply(Event::DigitsEntered { delivery, digits }).map(drop)
            }
            Factor::Email | Factor::Contact | Factor::Channel(_) => {
                self.arrive(factor)?;
                let code = wrong(&self.code(factor)?);
                self.submit(factor, Proof::Code(code))
            }
            Factor::Password | Factor::RecoveryCode | Factor::Totp | Factor::Resync | Factor::Pass => {
                self.submit(factor, Proof::Compared(Comparison::Wrong))
            }
        }
    }

    fn fail(&mut self, factor: &Factor, disposition: Disposition) -> Result<(), Stuck> {
        if !disposition.is_failure() {
            return Err(Stuck::NoFailure(disposition.as_str()));
        }
        let before = self.failures(factor);
        if *factor == Factor::Voice {
            let delivery = self.delivery_under_way(factor)?;
            if disposition == Disposition::WrongDigits {
                for _ in 0..TRIES_PER_CALL {
                    let digits = wrong(&self.code(factor)?);
                    self.apply(Event::DigitsEntered { delivery: delivery.clone(), digits })?;
                }
            }
            return self.end(delivery, disposition);
        }
        if disposition == Disposition::WrongCode {
            for _ in 0..TRIES_PER_CHALLENGE {
                if self.failures(factor) == before {
                    self.mistake(factor)?;
                }
            }
            return Ok(());
        }
        if factor.channel().is_none() {
            return Err(Stuck::NotDelivered { factor: factor.clone() });
        }
        // Nothing may be on file to deliver to: then asking for it has already failed.
        self.request(factor)?;
        match self.under_way(factor) {
            Some(delivery) => self.end(delivery, disposition),
            None => Ok(()),
        }
    }

    fn send(&mut self, factor: &Factor) -> Result<(), Stuck> {
        self.request(factor)?;
        match self.under_way(factor).filter(|_| *factor != Factor::Voice) {
            Some(delivery) => self.end(delivery, Disposition::Sent),
            None => Ok(()),
        }
    }

    fn resolve(&mut self, resolution: Resolution) -> Result<(), Stuck> {
        self.apply(Event::Resolved { by: staff("support"), because: because(), resolution })?;
        self.journey.is_resolved = true;
        Ok(())
    }

    fn enroll(&mut self) -> Result<(), Stuck> {
        let began = self.apply(Event::EnrollmentBegan { label: "new phone".to_owned() })?;
        let Reply::Enrollment { secret } = began else { return Ok(()) };
        let Ok(device) = Authenticator::new(&secret) else { return Ok(()) };
        let step = self.journey.now.unix() / STEP_SECONDS;
        let (first, second) = (device.code(step - 1), device.code(step));
        self.apply(Event::EnrollmentConfirmed { first, second }).map(drop)
    }

    /// Makes sure that a message with a good code has arrived.
    fn arrive(&mut self, factor: &Factor) -> Result<(), Stuck> {
        if self.code(factor).is_err() {
            self.request(factor)?;
        }
        match self.under_way(factor) {
            Some(delivery) => self.end(delivery, Disposition::Sent),
            None => Ok(()),
        }
    }

    /// The delivery of a factor; it is begun if none is under way.
    fn delivery_under_way(&mut self, factor: &Factor) -> Result<DeliveryId, Stuck> {
        if self.under_way(factor).is_none() {
            self.request(factor)?;
        }
        self.under_way(factor).ok_or_else(|| Stuck::NoCode(factor.clone()))
    }

    fn request(&mut self, factor: &Factor) -> Result<(), Stuck> {
        self.apply(Event::ChallengeRequested { factor: factor.clone() }).map(drop)
    }

    fn submit(&mut self, factor: &Factor, proof: Proof) -> Result<(), Stuck> {
        self.apply(Event::ProofSubmitted { factor: factor.clone(), proof }).map(drop)
    }

    fn end(&mut self, delivery: DeliveryId, disposition: Disposition) -> Result<(), Stuck> {
        self.apply(Event::DeliveryEnded { delivery, disposition, detail: String::new() }).map(drop)
    }

    fn under_way(&self, factor: &Factor) -> Option<DeliveryId> {
        use readmit_recovery::case::ChallengeStatus::Delivering;
        let challenge = self.journey.case.tracks.get(factor)?.challenge.as_ref()?;
        challenge.delivery.clone().filter(|_| challenge.status == Delivering)
    }

    fn code(&self, factor: &Factor) -> Result<Secret, Stuck> {
        let challenge = self.journey.case.tracks.get(factor).and_then(|track| track.challenge.as_ref());
        let live = challenge.filter(|challenge| challenge.is_live(self.journey.now));
        live.and_then(|challenge| challenge.code.clone()).ok_or_else(|| Stuck::NoCode(factor.clone()))
    }

    fn failures(&self, factor: &Factor) -> u32 {
        self.journey.case.tracks.get(factor).map_or(0, |track| track.failed)
    }

    fn apply(&mut self, event: Event) -> Result<Reply, Stuck> {
        let now = self.journey.now;
        let moment = Moment { now, seed: seed(self.journey.drawn), rules: self.rules, policy: self.policy };
        let transition = self.journey.case.apply(event, moment).map_err(|refusal| match refusal {
            Refusal::TooSoon { until } => Stuck::TooSoon { seconds: until.since(now).as_secs() },
            other => Stuck::Refused(other),
        })?;
        self.journey.drawn += 1;
        let (case, reply) = self.step.and(transition);
        self.journey.case = case;
        Ok(reply)
    }
}

fn seed(drawn: u64) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&drawn.to_be_bytes());
    Seed::new(bytes)
}

fn staff(name: &str) -> Staff {
    Staff { name: name.to_owned(), account: None }
}

fn because() -> String {
    "made up".to_owned()
}

/// A code that is not this one.
fn wrong(code: &Secret) -> Secret {
    Secret::new(if code.expose() == "000000" { "000001" } else { "000000" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use readmit_recovery::facts::{Hook, Question};
    use readmit_recovery::plan::Plan;
    use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

    use super::*;

    fn policy(question: &Question) -> Verdict {
        let factors =
            ["password", "email", "voice"].map(|name| Plan::Factor(name.parse().expect("a factor")));
        match question.hook {
            Hook::Open => Verdict::Prove { plan: Plan::All(factors.into()) },
            Hook::Proved => Verdict::Nothing,
            Hook::Failed => Verdict::Retry { after: Duration::from_secs(60), next_number: false },
            Hook::Recovered => Verdict::Outcome(Outcome {
                device: DeviceFate::Deactivate,
                force_password_change: true,
                revoke_sessions: false,
                hold: Some(Duration::from_secs(3600)),
                enroll_within: Some(Duration::from_secs(3600)),
            }),
        }
    }

    #[test]
    fn a_whole_journey_goes_through_the_core() {
        let (rules, mut policy) = (Rules::default(), policy);
        let start = Start::complete("default").expect("a start");
        let version = PolicyVersion::parse("v1").expect("a version");
        let (mut journey, _) = Journey::open(&start, &version, &rules, &mut policy);
        let voice = || Factor::Voice;
        let script = [
            (Action::Prove(Factor::Email), Err("email comes later: finish the step before it first")),
            (Action::Mistake(Factor::Password), Ok("proving")),
            (Action::Prove(Factor::Password), Ok("proving")),
            (Action::Send(Factor::Email), Ok("proving")),
            (Action::Prove(Factor::Email), Ok("proving")),
            (Action::Fail(voice(), Disposition::Entered), Err("`entered` is no failure: use prove or send")),
            (Action::Fail(voice(), Disposition::NoAnswer), Ok("proving")),
            (Action::Prove(voice()), Err("it is too soon: wait 60 seconds first")),
            (Action::Wait(Duration::from_secs(60)), Ok("proving")),
            (Action::Fail(voice(), Disposition::WrongDigits), Ok("proving")),
            (Action::Wait(Duration::from_secs(60)), Ok("proving")),
            (Action::Prove(voice()), Ok("held")),
            (Action::Wait(Duration::from_secs(3600)), Ok("recovered")),
            (Action::SignIn, Ok("recovered")),
            (Action::ChangePassword, Ok("recovered")),
            (Action::Enroll, Ok("completed")),
        ];
        for (action, wanted) in script {
            let before = journey.clone();
            let done = journey.act(&action, &rules, &mut policy).map(|_| journey.case.state.as_str());
            assert_eq!(done.map_err(|stuck| stuck.to_string()), wanted.map_err(str::to_owned), "{action}");
            assert!(wanted.is_ok() || journey == before, "{action}: nothing has changed");
        }
        let failed: Vec<_> = journey.case.failures.iter().map(|failure| failure.disposition).collect();
        assert_eq!(failed, [Disposition::NoAnswer, Disposition::WrongDigits]);
    }
}
