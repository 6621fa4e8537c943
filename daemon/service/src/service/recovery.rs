//! What front ends do for a person: open a case, prove, and finish.

use std::collections::BTreeMap;

use readmit_recovery::account::Reason;
use readmit_recovery::address::EmailAddress;
use readmit_recovery::case::{Case, Opening, State, StepView, Task, View, client_in_words};
use readmit_recovery::event::{Comparison, Event, Proof, Reply};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, CaseId, TicketId};
use readmit_recovery::recovery_code;
use readmit_recovery::secret::Secret;
use readmit_recovery::support::SupportForm;
use readmit_recovery::totp::{self, Authenticator};
use readmit_store::{AccountRecord, DeviceRecord, Spend, TokenPurpose, Write};

use super::counting::{charge, network};
use super::limits::{MAX_ADDRESS_BYTES, MAX_CONTEXT_BYTES, MAX_PROOF_BYTES, MAX_PROOFS};
use super::turns::{Applied, ApplyError};
use super::{Fault, OpenContext, Service, facts, now, parse_account, parse_case, seed};

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

/// What opening a link gave.
#[derive(Clone, Debug)]
pub enum LinkReply {
    /// The address is proven.
    Proven {
        /// In this case.
        case: CaseId,
        /// The account, masked.
        account: String,
    },
    /// The link was opened elsewhere: this code is to be typed into the page that opened the case.
    Code {
        /// The code.
        code: Secret,
        /// From where the recovery was asked.
        client: String,
        /// The account, masked.
        account: String,
    },
}

/// The one sign-in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The case, with whose account and outcome to go on.
    pub case: Case,
    /// A new set of recovery codes, where one of the old was used.
    pub recovery_codes: Vec<Secret>,
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

impl Service {
    /// Opens a case. An unknown account gets one too.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`], [`Fault::RateLimited`], [`Fault::Unavailable`].
    pub async fn open(
        &self,
        account: &str,
        reason: &str,
        context: OpenContext,
        actor: &str,
    ) -> Result<CaseId, Fault> {
        let account = parse_account(account)?;
        let reason: Reason = reason.parse().map_err(Fault::invalid)?;
        check_context(&context)?;
        let at = now();
        let limits = &self.settings.limits;
        let mut charges = vec![
            charge("opens_total", "all", limits.opens_total),
            charge("opens_per_account", account.as_str(), limits.opens_per_account),
        ];
        if let Some(address) = &context.client.address {
            charges.push(charge("opens_per_address", &network(address), limits.opens_per_address));
        }
        let subject = match self.store.account(&account, at).await? {
            Some(record) => facts::known(&record, &context)?,
            None => facts::decoy(&account, &context, &self.decoys, at)?,
        };
        let opening = Opening {
            id: CaseId::from_random(seed()?.id("case")),
            account,
            standing: subject.standing,
            reason,
            policy: self.policy_host().current().version().clone(),
            facts: subject.facts,
            addresses: subject.addresses,
            device: subject.device,
            browser: context.browser.as_ref().map(Secret::hash),
        };
        Ok(self.open_case(opening, charges, actor).await?.id)
    }

    /// The case as the person sees it.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn show(&self, case: &str) -> Result<(Case, View), Fault> {
        let case = self.load(&parse_case(case)?).await?.case;
        let view = case.view(now());
        Ok((case, view))
    }

    /// Starts a factor's challenge, or sends it again.
    ///
    /// # Errors
    /// [`Fault`], as the case says.
    pub async fn start(&self, case: &str, factor: &str, actor: &str) -> Result<StepView, Fault> {
        let id = parse_case(case)?;
        let factor: Factor = factor.parse().map_err(Fault::invalid)?;
        let case = self.load(&id).await?.case;
        self.check_enabled(&case, &factor).await?;
        let charges = self.delivery_charges(&case, &factor);
        let event = Event::ChallengeRequested { factor: factor.clone() };
        let applied = self.apply(&id, actor, event, charges).await?;
        // A challenge that fails at once may end the proving; the step is still the person's to read.
        applied.case.step(&factor, now()).ok_or_else(Fault::internal)
    }

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

    /// Takes a click on an e-mailed link.
    ///
    /// # Errors
    /// [`Fault::WrongState`] for a link that is spent, expired or never was: they look the same.
    pub async fn open_link(&self, token: &Secret, browser: &Secret, actor: &str) -> Result<LinkReply, Fault> {
        let spent = || {
            Fault::WrongState(
                "this link was used already or has expired: go back and ask for a new one".to_owned(),
            )
        };
        if token.expose().len().max(browser.expose().len()) > MAX_PROOF_BYTES {
            return Err(spent());
        }
        let hash = token.hash();
        let row = self.store.token(&hash).await?.filter(|row| row.purpose == TokenPurpose::Link);
        let row = row.filter(|row| !row.spent && now() < row.expires_at).ok_or_else(spent)?;
        let browser = (!browser.expose().is_empty()).then(|| browser.hash());
        let case = self.load(&row.case).await?.case;
        let same = browser.is_some() && browser == case.browser;
        let spends = if same { vec![Write::Spend(Spend::Token { hash })] } else { Vec::new() };
        let event = Event::LinkOpened { challenge: row.challenge, browser };
        let applied = match self.try_apply(&row.case, actor, event, spends).await {
            Ok(applied) => applied,
            Err(ApplyError::Spent | ApplyError::Fault(Fault::WrongState(_))) => return Err(spent()),
            Err(ApplyError::Fault(fault)) => return Err(fault),
        };
        match applied.reply {
            Reply::CodeToType { code } => {
                let client = client_in_words(&applied.case.facts.client);
                Ok(LinkReply::Code { code, client, account: masked(&applied.case.account) })
            }
            Reply::Proof { comparison: Comparison::Right, .. } => {
                Ok(LinkReply::Proven { case: row.case, account: masked(&applied.case.account) })
            }
            _ => Err(spent()),
        }
    }

    /// The owner says "this was not me".
    ///
    /// # Errors
    /// [`Fault::WrongState`] if it is too late, or was said already.
    pub async fn veto(&self, token: &Secret, actor: &str) -> Result<(), Fault> {
        let hash = token.hash();
        let row = self.store.token(&hash).await?.filter(|row| row.purpose == TokenPurpose::Veto);
        let row = row.ok_or_else(|| {
            Fault::NotFound("this link is not valid: open it as it is in the message".to_owned())
        })?;
        let spends = vec![Write::Spend(Spend::Token { hash })];
        match self.try_apply(&row.case, actor, Event::VetoReceived, spends).await {
            Ok(_) => Ok(()),
            Err(ApplyError::Spent) => Err(Fault::WrongState(
                "this link was used already or has expired: if the recovery goes on and it is not you, contact support at once".to_owned(),
            )),
            Err(ApplyError::Fault(Fault::WrongState(_))) => Err(Fault::WrongState(
                "this recovery is over already: if it was not you, contact support at once".to_owned(),
            )),
            Err(ApplyError::Fault(fault)) => Err(fault),
        }
    }

    /// Hands the case to support.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] names the field of the form.
    pub async fn escalate(
        &self,
        case: &str,
        form: &BTreeMap<String, String>,
        actor: &str,
    ) -> Result<TicketId, Fault> {
        let id = parse_case(case)?;
        let form = SupportForm::parse(form).map_err(Fault::invalid)?;
        let client = self.load(&id).await?.case.facts.client;
        let mut charges = Vec::new();
        if let Some(address) = &client.address {
            let limit = self.settings.limits.tickets_per_address;
            charges.push(charge("tickets_per_address", &network(address), limit));
        }
        match self.apply(&id, actor, Event::SupportRequested { form }, charges).await?.reply {
            Reply::Ticket(ticket) => Ok(ticket),
            _ => Err(Fault::internal()),
        }
    }

    /// The person gives up.
    ///
    /// # Errors
    /// [`Fault`], as the case says.
    pub async fn cancel(&self, case: &str, actor: &str) -> Result<(), Fault> {
        self.apply(&parse_case(case)?, actor, Event::CancelRequested, Vec::new()).await.map(|_| ())
    }

    /// Takes the one sign-in.
    ///
    /// # Errors
    /// [`Fault::WrongState`] the second time.
    pub async fn claim(&self, case: &str, actor: &str) -> Result<SignIn, Fault> {
        let applied = self.apply(&parse_case(case)?, actor, Event::SignInClaimed, Vec::new()).await?;
        match applied.reply {
            Reply::SignIn { recovery_codes } => Ok(SignIn { case: applied.case, recovery_codes }),
            _ => Err(Fault::internal()),
        }
    }

    /// Sets the new password.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] if it is too short.
    pub async fn change_password(&self, case: &str, password: Secret, actor: &str) -> Result<(), Fault> {
        let id = parse_case(case)?;
        let case = self.load(&id).await?.case;
        if !matches!(&case.state, State::Recovered { tasks, .. } if tasks.contains(&Task::ChangePassword)) {
            // A hash is dear: it is not computed for who has no password to change.
            let asked =
                self.decide(&case.policy, now(), |moment| Ok(case.apply(Event::PasswordChanged, moment)?));
            return asked.await.and_then(|_| Err(Fault::internal()));
        }
        let account = case.account;
        let hash = self.passwords.hash(password).await?;
        let forgotten = Write::ClearFailures { account: account.clone(), factor: Factor::Password };
        let writes = vec![Write::SetPassword { account, hash }, forgotten];
        self.apply(&id, actor, Event::PasswordChanged, writes).await.map(|_| ())
    }

    /// Begins to enroll a new device: its secret, and the address an app reads.
    ///
    /// # Errors
    /// [`Fault`], as the case says.
    pub async fn begin_enrollment(
        &self,
        case: &str,
        label: &str,
        actor: &str,
    ) -> Result<(Secret, Secret), Fault> {
        let event = Event::EnrollmentBegan { label: label.to_owned() };
        let applied = self.apply(&parse_case(case)?, actor, event, Vec::new()).await?;
        let Reply::Enrollment { secret } = applied.reply else { return Err(Fault::internal()) };
        let uri = totp::enrollment_uri(&secret, &self.settings.organization, applied.case.account.as_str())
            .map_err(|_| Fault::internal())?;
        Ok((secret, uri))
    }

    /// Binds the new device.
    ///
    /// # Errors
    /// [`Fault::Refused`] if the codes are not two consecutive ones of the device.
    pub async fn confirm_enrollment(
        &self,
        case: &str,
        first: Secret,
        second: Secret,
        actor: &str,
    ) -> Result<(), Fault> {
        let event = Event::EnrollmentConfirmed { first, second };
        match self.apply(&parse_case(case)?, actor, event, Vec::new()).await?.reply {
            Reply::Proof { comparison: Comparison::Right, .. } => Ok(()),
            Reply::Proof { tries_left: 0, .. } => {
                Err(Fault::Refused("the codes were not right too often: begin the enrollment again".to_owned()))
            }
            _ => Err(Fault::Refused(
                "these are not two codes in a row: type the code that the new device shows, wait for the next one, and type that too".to_owned(),
            )),
        }
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

fn check_context(context: &OpenContext) -> Result<(), Fault> {
    let client = &context.client;
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let sizes = [
        ("address", length(&client.address), MAX_ADDRESS_BYTES),
        ("user_agent", length(&client.user_agent), MAX_CONTEXT_BYTES),
        ("locale", length(&client.locale), MAX_CONTEXT_BYTES),
        ("browser", context.browser.as_ref().map_or(0, |text| text.expose().len()), MAX_CONTEXT_BYTES),
    ];
    match sizes.into_iter().find(|(_, length, longest)| length > longest) {
        None => Ok(()),
        Some((key, _, longest)) => {
            Err(Fault::invalid(format!("context: `{key}` is longer than {longest} bytes")))
        }
    }
}

/// The account as a stranger may see it.
fn masked(account: &AccountId) -> String {
    EmailAddress::parse(account.as_str()).map_or_else(
        |_| account.as_str().chars().take(1).chain("•••".chars()).collect(),
        |address| address.masked(),
    )
}
