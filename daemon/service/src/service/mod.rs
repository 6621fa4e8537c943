//! What the daemon does, whoever asks: it loads a case, lets the core decide, commits, and tells.
//!
//! The bus converts and authorizes; the core decides; the store writes. Here they are put together.

mod accounts;
mod activation;
mod admission;
mod alerts;
mod authentication;
mod calling;
mod client;
mod counting;
mod decisions;
mod deliveries;
mod devices;
mod enrolment;
mod explaining;
mod facts;
mod fault;
mod health;
mod import;
mod in_hand;
mod integrity;
mod likeness;
mod limits;
mod on_file;
mod passwords;
mod pauses;
mod payload;
mod plugins;
mod policies;
mod pretence;
mod progress;
mod proofs;
mod properties;
mod readiness;
mod recovery;
mod shadow;
mod sign_in;
mod signals;
mod staff;
mod timers;
mod turns;
mod upkeep;
mod versions;
mod writes;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use readmit_policy::{PolicyHost, PolicySet};
use readmit_recovery::id::{AccountId, CaseId};
use readmit_recovery::rules::Rules;
use readmit_recovery::secret::Seed;
use readmit_recovery::time::Timestamp;
use readmit_recovery::totp::{self, Authenticator};
use readmit_store::{Change, CommitError, Committed, RetiredKey, Store, Write};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

pub use admission::{Inadmissible, PolicyOptions};
pub use alerts::KeptAlert;
pub use authentication::Verified;
pub use client::OpenContext;
pub use deliveries::PluginEvents;
pub use devices::{DeviceProperties, NewDevice};
pub use explaining::{ExplanationDetail, FactorExplained, SourceLine};
pub use fault::Fault;
pub use health::{Degraded, Health};
pub use import::{Conflict, ImportOptions, ImportRow, Imported};
pub use integrity::JournalFault;
pub use policies::{Explanation, NoPolicies, Policies, PolicyInForce, SAVER};
pub use proofs::SubmitReply;
pub use properties::AccountProperties;
pub use readiness::{Readiness, ReadinessFilter, Way};
pub use recovery::LinkReply;
pub use shadow::Difference;
pub use sign_in::{SignIn, SignInRules};
pub use signals::Signal;
pub use staff::{CaseHistory, Officer};
pub use upkeep::{KeyStatus, Rotation, UpkeepRules};
pub use versions::{PolicyListing, PolicyState};
pub use writes::ended_by_restore;

use crate::config::{LimitRules, Spend};
use crate::jws::JwsKey;
use crate::meters::Meters;
use crate::plugins::Supervisor;
use crate::traces::Traces;
use alerts::Alerts;
use enrolment::Trials;
use in_hand::InHand;
use integrity::Integrity;
use likeness::Likeness;
use passwords::Passwords;
use shadow::Shadow;
use upkeep::Upkeep;

/// What the configuration says to the service.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it says to the core.
    pub rules: Rules,
    /// The limits that outlive restarts.
    pub limits: LimitRules,
    /// What calls may cost.
    pub spend: Spend,
    /// The organization's name, for authenticator apps.
    pub organization: String,
    /// How people reach support, in words.
    pub support_contact: String,
    /// The address that e-mail comes from, as people see it.
    pub sender: String,
    /// What tokens for other logins say.
    pub sign_in: SignInRules,
    /// How the store is kept up.
    pub upkeep: UpkeepRules,
}

/// The keys that outlive restarts.
pub struct Keys {
    /// Keys the answers about unknown accounts.
    pub decoys: [u8; 32],
    /// Signs the tokens for other logins.
    pub sign_in: JwsKey,
    /// Those that signed them until lately.
    pub retired: Vec<RetiredKey>,
}

/// What signs now, and what signed until lately.
struct Signing {
    key: JwsKey,
    retired: Vec<RetiredKey>,
}

/// The daemon's one object: everything that it can do.
pub struct Service {
    store: Arc<dyn Store>,
    policies: Policies,
    settings: Settings,
    meters: Arc<Meters>,
    traces: Arc<Traces>,
    passwords: Passwords,
    plugins: OnceLock<Supervisor>,
    signals: broadcast::Sender<Signal>,
    outbox: Notify,
    in_hand: InHand,
    shadow: Shadow,
    /// The set that was explained last, as one that remembers what it does.
    watched: Arc<Mutex<Option<Arc<PolicySet>>>>,
    /// Puts the events of a case in a row, so that none is starved by faster ones.
    case_locks: Vec<tokio::sync::Mutex<()>>,
    /// Policies are read again by one at a time: the last to ask sees the last set.
    reloading: tokio::sync::Mutex<()>,
    /// An account is read, changed and written back by one at a time.
    changing_accounts: tokio::sync::Mutex<()>,
    stopping: CancellationToken,
    /// When this began.
    started_at: Timestamp,
    /// What the kernel did not let the daemon wall off.
    missing_walls: OnceLock<Option<String>>,
    alerts: Alerts,
    trials: Trials,
    decoys: [u8; 32],
    signing: ArcSwap<Signing>,
    upkeep: Upkeep,
    integrity: Integrity,
    likeness: Likeness,
    /// The device of accounts that have none.
    nobody: Authenticator,
}

impl Service {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if the system gives no randomness.
    pub fn new(
        store: Arc<dyn Store>,
        policies: Policies,
        settings: Settings,
        keys: Keys,
        meters: Arc<Meters>,
        traces: Arc<Traces>,
    ) -> Result<Arc<Self>, Fault> {
        let (signals, _) = broadcast::channel(limits::SIGNALS);
        let mut random = [0; 20];
        random.copy_from_slice(&seed()?.derive("nobody's device")[..20]);
        let nobody = Authenticator::new(&totp::new_secret(random)).map_err(|_| Fault::internal())?;
        Ok(Arc::new(Self {
            store,
            policies,
            settings,
            passwords: Passwords::new(meters.clone())?,
            meters,
            traces,
            plugins: OnceLock::new(),
            signals,
            outbox: Notify::new(),
            in_hand: InHand::default(),
            shadow: Shadow::default(),
            watched: Arc::default(),
            case_locks: std::iter::repeat_with(Default::default).take(limits::CASE_LOCKS).collect(),
            reloading: tokio::sync::Mutex::default(),
            changing_accounts: tokio::sync::Mutex::default(),
            stopping: CancellationToken::new(),
            started_at: now(),
            missing_walls: OnceLock::new(),
            alerts: Alerts::default(),
            trials: Trials::default(),
            decoys: keys.decoys,
            signing: ArcSwap::from_pointee(Signing { key: keys.sign_in, retired: keys.retired }),
            upkeep: Upkeep::default(),
            integrity: Integrity::default(),
            likeness: Likeness::default(),
            nobody,
        }))
    }

    /// Gives the service its plugins, once. Until then nothing is delivered.
    pub fn attach(&self, plugins: Supervisor) {
        if self.plugins.set(plugins).is_err() {
            tracing::error!("the plugins were attached twice");
        }
    }

    /// Notes, once, what cannot be had of the sandbox, for whoever asks how the daemon is.
    pub fn note_missing_walls(&self, missing: Option<String>) {
        // What was noted first stays.
        let _ = self.missing_walls.set(missing);
    }

    /// The plugins.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while the daemon is starting.
    pub fn plugins(&self) -> Result<&Supervisor, Fault> {
        self.plugins.get().ok_or_else(Fault::internal)
    }

    /// Everything that is told to everyone, from now on.
    #[must_use]
    pub fn signals(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is counted.
    #[must_use]
    pub const fn meters(&self) -> &Arc<Meters> {
        &self.meters
    }

    /// Where spans go.
    #[must_use]
    pub const fn traces(&self) -> &Arc<Traces> {
        &self.traces
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Works off deliveries and deadlines until `shutdown`.
    ///
    /// # Errors
    /// [`Fault`] if what a crash left behind cannot be put right.
    pub async fn run(self: &Arc<Self>, shutdown: CancellationToken) -> Result<(), Fault> {
        self.keep_pauses().await?;
        self.resume_deliveries().await?;
        let told = async {
            shutdown.cancelled().await;
            self.stopping.cancel();
        };
        tokio::join!(
            self.work_off_deliveries(&shutdown),
            self.keep_deadlines(&shutdown),
            self.work_off_shadow(&shutdown),
            self.keep_up_store(&shutdown),
            told
        );
        Ok(())
    }

    fn policy_host(&self) -> &PolicyHost {
        self.policies.host()
    }

    fn tell(&self, signal: Signal) {
        if let Signal::Alert { kind, .. } = &signal {
            self.meters.alerted(kind);
        }
        // Nobody listening is no failure.
        let _ = self.signals.send(signal);
    }

    /// Tells everyone that people should look at this, and keeps it. Says whether it is news, for the journal.
    fn alert(&self, kind: &str, detail: Vec<(&'static str, String)>) -> bool {
        let is_news = self.alerts.keep(kind, &detail, now());
        self.tell(Signal::Alert { kind: kind.to_owned(), detail });
        is_news
    }

    fn change(&self, actor: &str, writes: Vec<Write>) -> Change {
        Change { at: now(), actor: actor.to_owned(), writes }
    }

    async fn commit(&self, actor: &str, writes: Vec<Write>) -> Result<Committed, Fault> {
        Ok(self.commit_plainly(actor, writes).await?)
    }

    /// As [`Service::commit`], for who must know why it failed.
    async fn commit_plainly(&self, actor: &str, writes: Vec<Write>) -> Result<Committed, CommitError> {
        let committed = self.store.commit(self.change(actor, writes)).await;
        if let Err(CommitError::RateLimited { scope, .. }) = &committed {
            self.alert_of_limit(scope);
        }
        committed
    }
}

/// The time. A clock before 1970 reads as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_unix(since.map(|since| since.as_secs()).unwrap_or_default())
}

/// Fresh randomness from the system.
///
/// # Errors
/// [`Fault::Unavailable`]: without randomness nothing is done.
pub fn seed() -> Result<Seed, Fault> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no randomness");
        Fault::internal()
    })?;
    Ok(Seed::new(bytes))
}

fn parse_account(text: &str) -> Result<AccountId, Fault> {
    AccountId::parse(text).map_err(Fault::invalid)
}

fn parse_case(text: &str) -> Result<CaseId, Fault> {
    // A malformed id and an unknown one look the same to whoever guesses.
    CaseId::parse(text).map_err(|_| Fault::no_case())
}
