//! Proofs: what a person submits, compared by the case or by the store, and spent where it counts once.

use readmit_recovery::case::Case;
use readmit_recovery::event::{Comparison, Event, Proof, Reply};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::CaseId;
use readmit_recovery::recovery_code;
use readmit_recovery::secret::Secret;
use readmit_recovery::totp::{self, Authenticator};
use readmit_store::{AccountRecord, DeviceRecord, Spend, Write};

use super::limits::{MAX_PROOF_BYTES, MAX_PROOFS};
use super::turns::{Applied, ApplyError};
use super::{Fault, Service, now, parse_case};

/// What a submission gave.
#[derive(Clone, Debug)]
pub struct SubmitReply {
    /// Whether the proof was right.
    pub accepted: bool,
    /// Tries left.
    pub tries_left: u32,
    /// The case's state after it.
    pub state: &'static str,
    /// What to do next.
    pub message: &'static str,
}

impl Service {
    /// Takes a proof.
    ///
    /// # Errors
    /// [`Fault`], as the case says; a wrong proof is no fault.
    pub async fn submit(
        &self,
        case: &str,
        factor: &str,
        proof: Vec<Secret>,
        actor: &str,
    ) -> Result<SubmitReply, Fault> {
        let id = parse_case(case)?;
        let factor: Factor = factor.parse().map_err(Fault::invalid)?;
        if proof.is_empty()
            || proof.len() > MAX_PROOFS
            || proof.iter().any(|text| text.expose().len() > MAX_PROOF_BYTES)
        {
            return Err(Fault::invalid(
                "give one proof of up to 1,024 bytes, or two codes to put a device right",
            ));
        }
        if (factor == Factor::Resync) != (proof.len() == 2) {
            let text = if factor == Factor::Resync { "give two codes in a row" } else { "give one proof" };
            return Err(Fault::invalid(text));
        }
        let case = self.load(&id).await?.case;
        self.check_takes_proof(&case, &factor).await?;
        self.check_enabled(&case, &factor).await?;
        self.charge_try(&case).await?;
        let applied = match self.compare(&case, &factor, proof).await? {
            Checkable::ByCase(code) => {
                self.apply(&id, actor, proof_event(&factor, Proof::Code(code)), Vec::new()).await?
            }
            Checkable::ByStore(compared) => self.submit_compared(&id, actor, &factor, compared).await?,
        };
        let Reply::Proof { comparison, tries_left } = applied.reply else { return Err(Fault::internal()) };
        let view = applied.case.view(now());
        let accepted = comparison == Comparison::Right;
        let message = match view.steps.into_iter().find(|step| step.factor == factor) {
            Some(step) if view.state == "proving" && !accepted && tries_left == 0 => step.message,
            Some(_) if view.state == "proving" && !accepted => "That was not right. Try again.",
            _ => view.message,
        };
        Ok(SubmitReply { accepted, tries_left, state: view.state, message })
    }

    /// Refuses a proof that cannot be taken now, in the core's words, before anything is compared or counted.
    async fn check_takes_proof(&self, case: &Case, factor: &Factor) -> Result<(), Fault> {
        if case.is_open(factor) && !matches!(factor, Factor::Voice | Factor::Approval) {
            return Ok(());
        }
        // Only asked, never committed: the case may be about to change, and a proof that was refused must not count.
        let event = proof_event(factor, Proof::Compared(Comparison::Wrong));
        let refused = self.decide(&case.policy, now(), |moment| Ok(case.apply(event, moment)?)).await;
        refused.and_then(|_| Err(Fault::internal()))
    }

    /// Tries what the store must spend; what is not there to be spent was wrong.
    async fn submit_compared(
        &self,
        id: &CaseId,
        actor: &str,
        factor: &Factor,
        compared: Compared,
    ) -> Result<Applied, Fault> {
        let event = |comparison| proof_event(factor, Proof::Compared(comparison));
        match self.try_apply(id, actor, event(compared.comparison), compared.spends).await {
            Ok(applied) => Ok(applied),
            Err(ApplyError::Fault(fault)) => Err(fault),
            Err(ApplyError::Spent) => self.apply(id, actor, event(Comparison::Wrong), Vec::new()).await,
        }
    }

    async fn compare(
        &self,
        case: &Case,
        factor: &Factor,
        mut proof: Vec<Secret>,
    ) -> Result<Checkable, Fault> {
        let first = proof.remove(0);
        let account = case.account.clone();
        Ok(match factor {
            Factor::Email | Factor::Contact | Factor::Voice | Factor::Approval | Factor::Channel(_) => {
                Checkable::ByCase(first)
            }
            Factor::Password => {
                let stored = self.record(case).await?.and_then(|record| record.password);
                let comparison = self.passwords.compare(stored, first).await?;
                Checkable::ByStore(Compared { comparison, spends: Vec::new() })
            }
            Factor::RecoveryCode => Checkable::ByStore(match recovery_code::hash(&first) {
                Some(hash) => Compared::right(vec![Write::Spend(Spend::RecoveryCode { account, hash })]),
                None => Compared::WRONG,
            }),
            Factor::Pass => Checkable::ByStore(match recovery_code::hash(&first) {
                Some(hash) => Compared::right(vec![Write::Spend(Spend::Pass { account, hash })]),
                None => Compared::WRONG,
            }),
            Factor::Totp => Checkable::ByStore(self.compare_totp(case, &first).await?),
            Factor::Resync => match proof.pop() {
                Some(second) => Checkable::ByStore(self.compare_resync(case, &first, &second).await?),
                None => Checkable::ByStore(Compared::WRONG),
            },
        })
    }

    /// A code of another device than the one that is gone.
    async fn compare_totp(&self, case: &Case, code: &Secret) -> Result<Compared, Fault> {
        let devices = self.record(case).await?.map(|record| record.devices).unwrap_or_default();
        if !devices.iter().any(|device| is_other_active(case, device)) {
            self.read_for_nobody(code).await?;
        }
        for device in devices.iter().filter(|device| is_other_active(case, device)) {
            let Some(authenticator) = self.authenticator(device).await? else { continue };
            if let totp::Reading::Valid { step } = authenticator.read(code, now(), device.drift) {
                let device = device.device.id.clone();
                return Ok(Compared::right(vec![Write::Spend(Spend::TotpStep { device, step })]));
            }
        }
        Ok(Compared::WRONG)
    }

    /// Two codes in a row of the device itself, which put its drift right.
    async fn compare_resync(&self, case: &Case, first: &Secret, second: &Secret) -> Result<Compared, Fault> {
        let devices = self.record(case).await?.map(|record| record.devices).unwrap_or_default();
        let Some(device) = devices.iter().find(|device| Some(&device.device.id) == case.device.as_ref())
        else {
            self.synchronize_for_nobody(first, second).await?;
            return Ok(Compared::WRONG);
        };
        let Some(authenticator) = self.authenticator(device).await? else { return Ok(Compared::WRONG) };
        let Some(found) = authenticator.synchronize(first, second, now()) else { return Ok(Compared::WRONG) };
        let id = device.device.id.clone();
        Ok(Compared::right(vec![
            Write::Spend(Spend::TotpStep { device: id.clone(), step: found.step }),
            Write::SetDrift { id, drift: found.drift, last_step: found.step },
        ]))
    }

    pub(super) async fn authenticator(&self, device: &DeviceRecord) -> Result<Option<Authenticator>, Fault> {
        let secret = self.store.device_secret(&device.device.id).await?;
        Ok(secret.and_then(|secret| Authenticator::new(&secret).ok()))
    }

    async fn record(&self, case: &Case) -> Result<Option<AccountRecord>, Fault> {
        Ok(self.store.account(&case.account, now()).await?)
    }
}

/// A proof as the store can compare it: right, if what it spends is there to be spent.
struct Compared {
    comparison: Comparison,
    spends: Vec<Write>,
}

impl Compared {
    const WRONG: Self = Self { comparison: Comparison::Wrong, spends: Vec::new() };

    fn right(spends: Vec<Write>) -> Self {
        Self { comparison: Comparison::Right, spends }
    }
}

/// Who can say whether a proof is right.
enum Checkable {
    ByCase(Secret),
    ByStore(Compared),
}

fn proof_event(factor: &Factor, proof: Proof) -> Event {
    Event::ProofSubmitted { factor: factor.clone(), proof }
}

fn is_other_active(case: &Case, device: &DeviceRecord) -> bool {
    device.device.status == readmit_recovery::account::DeviceStatus::Active
        && Some(&device.device.id) != case.device.as_ref()
}
