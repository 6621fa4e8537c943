//! From nothing to serving, and back: reads like what it does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use readmit_policy::{Budget, Channels};
use readmit_recovery::rules::Rules;
use readmit_store::{Keyring, KeyringError, Observed, SqliteOptions, SqliteStore, Store as _, StoreError};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::{self, BusError, Gate};
use crate::causes::with_causes;
use crate::config::{Admin, BusAddress, Config, ConfigFile, Store, Support};
use crate::jws::JwsKey;
use crate::meters::Meters;
use crate::plugins::Supervisor;
use crate::process::progress::{self, Part};
use crate::process::reload::Reloader;
use crate::process::sandbox::Missing;
use crate::process::{Board, Manager, ReloadRequests};
use crate::scrape::{Scrape, Scraped};
use crate::service::{
    Fault, Keys, NoPolicies, PluginEvents, Policies, PolicyOptions, Service, Settings, UpkeepRules, now,
};
use crate::traces::{Traces, TracesError};
use crate::users;
use crate::watch::{self, Watch};

/// How long requests and deliveries in hand may take after the daemon was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What the names of the daemon's credentials begin with among those of the whole system.
const CREDENTIAL_PREFIX: &str = "readmit.";

/// Why the daemon does not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// An administrator named in the configuration is unknown to the system.
    #[error("bus.admins: the system has no user `{0}`: correct the name, or create the user")]
    NoSuchUser(String),
    /// The key that seals the store is unusable.
    #[error("the key of the store is unusable")]
    Keyring(#[from] KeyringError),
    /// The store is unusable.
    #[error("the store is unusable")]
    Store(#[from] StoreError),
    /// Traces cannot be sent as configured.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// The policies are unusable, and no earlier set is on file.
    #[error("the policies in {} are refused, and none were in force before:\n{source}", directory.display())]
    Policies {
        /// Where they are.
        directory: PathBuf,
        /// What is wrong with them.
        #[source]
        source: NoPolicies,
    },
    /// The bus is out of reach.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Something else, which the log says.
    #[error("the daemon cannot serve: {0}")]
    Service(#[from] Fault),
}

/// Runs the daemon until `shutdown`.
///
/// # Errors
/// [`RunError`]: it could not start, and has changed nothing outside its store.
pub async fn run(
    config: Config,
    file: ConfigFile,
    scrape: Scrape,
    missing: Missing,
    shutdown: CancellationToken,
    reload: ReloadRequests,
) -> Result<(), RunError> {
    let manager = Manager::default();
    let admins = admins(&config.bus.admins)?;
    // From before they are read for the first time: what is saved meanwhile is not missed.
    let (saved, save) = tokio::sync::mpsc::channel(1);
    let _watch = Watch::start(&config.policy.directory, saved).await;
    let keyring = keyring(&config.store)?;
    let meters = Arc::new(Meters::new());
    let traces = Arc::new(Traces::start(&config.tracing, meters.clone())?);
    let observer = Observed::by(meters.clone());
    let options = SqliteOptions { observer, ..store_options(&config.store) };
    let store = manager.patiently("opening the store", || SqliteStore::open(&options, Arc::new(keyring)))?;
    let store = Arc::new(store);
    let policies = load_policies(&config, &store).await?;
    let keys = keys(&store).await?;
    let service =
        Service::new(store.clone(), policies, settings(&config), keys, meters.clone(), traces.clone())?;
    service.note_missing_walls(missing.0);
    service.export_head().await;
    service.start_policies().await?;
    service.resume_shadow().await;
    let supervisor = Supervisor::start(config.plugins.clone(), Arc::new(PluginEvents(service.clone())));
    service.attach(supervisor);
    let scraped =
        Scraped { meters: meters.clone(), service: service.clone(), database: config.store.path.clone() };
    tokio::spawn(scrape.serve(scraped, shutdown.clone()));
    let board = Board::new(manager.clone(), service.clone());
    let reloads = Reloads { asked: reload, saved: save, file };
    let ended = serve(&config, admins, &service, shutdown.clone(), reloads, &manager, board).await;
    // Also where the bus could not be reached: no plugin outlives the daemon.
    shutdown.cancel();
    if let Ok(plugins) = service.plugins() {
        plugins.shutdown().await;
    }
    service.export_head().await;
    store.close();
    // It blocks, for a moment at most.
    drop(tokio::task::spawn_blocking(move || traces.end()).await);
    ended
}

/// On the bus, until `shutdown` or until something is lost that the daemon is no use without.
async fn serve(
    config: &Config,
    admins: Vec<u32>,
    service: &Arc<Service>,
    shutdown: CancellationToken,
    reloads: Reloads,
    manager: &Manager,
    board: Arc<Board>,
) -> Result<(), RunError> {
    let gate = Arc::new(Gate::new(admins).watched_by(service.meters().clone(), service.traces().clone()));
    let connection = bus::serve(bus_address(&config.bus.address), gate.clone(), service.clone()).await?;
    let tasks = TaskTracker::new();
    tasks.spawn(bus::relay(connection.clone(), gate.clone(), service.signals()));
    let reloader = Reloader {
        service: service.clone(),
        manager: manager.clone(),
        board: board.clone(),
        file: reloads.file,
        running: config.clone(),
    };
    tasks.spawn(reloader.on_request(reloads.asked, shutdown.clone()));
    tasks.spawn(watch::keep_up(service.clone(), reloads.saved, shutdown.clone()));
    let mut working = tasks.spawn({
        let (service, shutdown) = (service.clone(), shutdown.clone());
        async move { service.run(shutdown).await }
    });
    bus::take_name(&connection).await?;
    tasks.spawn(board.clone().keep(shutdown.clone()));
    if let Some(limit) = manager.watchdog() {
        tasks.spawn(progress::watch(parts(service, &connection), limit, board, shutdown.clone()));
    }
    manager.ready();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "ready");
    let ended = tokio::select! {
        // The work ends on a shutdown too, perhaps first: being told to stop is what happened.
        biased;
        () = shutdown.cancelled() => Ok(()),
        lost = bus::lost(&connection) => Err(lost.into()),
        ended = &mut working => Err(RunError::Service(why_ended(ended))),
    };
    tracing::info!("stopping");
    manager.stopping();
    shutdown.cancel();
    stop(service, &connection, &gate, working).await;
    ended
}

/// Deliveries and deadlines are worked off as long as the daemon runs; without them it is no use.
fn why_ended(ended: Result<Result<(), Fault>, tokio::task::JoinError>) -> Fault {
    match ended {
        Ok(Ok(())) => Fault::internal(),
        Ok(Err(fault)) => fault,
        Err(error) => {
            tracing::error!(%error, "the daemon's work ended early");
            Fault::internal()
        }
    }
}

/// Both ways on which a change of the policies is heard of.
struct Reloads {
    asked: ReloadRequests,
    saved: ReloadRequests,
    file: ConfigFile,
}

/// What the daemon is no use without, and what each is asked to see whether it answers.
fn parts(service: &Arc<Service>, connection: &zbus::Connection) -> Vec<Part> {
    let (store, policies, connection) = (service.clone(), service.clone(), connection.clone());
    vec![
        Part::new("store", move || {
            let store = store.clone();
            async move { store.store_answers().await.map_err(|error| with_causes(&error)) }
        }),
        Part::new("bus", move || {
            let connection = connection.clone();
            async move { bus::ping(&connection).await.map_err(|error| with_causes(&error)) }
        }),
        Part::new("policy host", move || {
            let policies = policies.clone();
            async move { policies.policies_answer().await.map_err(|fault| fault.to_string()) }
        }),
    ]
}

/// Lets go in order: no new callers, those in hand answered, then the plugins, then what they had in hand.
async fn stop(
    service: &Arc<Service>,
    connection: &zbus::Connection,
    gate: &Gate,
    working: tokio::task::JoinHandle<Result<(), Fault>>,
) {
    if let Err(error) = connection.release_name(bus::NAME).await {
        tracing::warn!(%error, "the name on the bus was not released");
    }
    let rest = async {
        gate.close().await;
        if let Ok(plugins) = service.plugins() {
            plugins.shutdown().await;
        }
        if !working.is_finished()
            && let Err(error) = working.await
        {
            tracing::error!(%error, "the daemon's work ended early");
        }
    };
    if tokio::time::timeout(GRACE, rest).await.is_err() {
        tracing::warn!("some work did not end in time; it is taken up at the next start");
    }
}

async fn load_policies(config: &Config, store: &SqliteStore) -> Result<Policies, RunError> {
    let policy = &config.policy;
    let options = PolicyOptions {
        directory: policy.directory.clone(),
        budget: Budget { cpu: policy.budget, memory: policy.memory, ..Budget::default() },
        channels: config
            .plugins
            .iter()
            .flat_map(|plugin| plugin.channels.iter().cloned())
            .collect::<Channels>(),
        rules: settings(config).rules,
        activation: policy.activation,
        require_tests: policy.require_tests,
        tests_for: policy.tests_for,
    };
    let directory = policy.directory.clone();
    Policies::load(options, store).await.map_err(|source| RunError::Policies { directory, source })
}

fn settings(config: &Config) -> Settings {
    let rules = Rules {
        assurance: config.assurance,
        open_for: config.case.open_for,
        escalated_for: config.case.escalated_for,
        recovered_for: config.case.recovered_for,
        email_code_for: config.case.email_code_for,
        contact_code_for: config.case.contact_code_for,
        code_for: config.case.code_for,
        support: config.support.email.clone(),
    };
    let sender = config.plugins.iter().find_map(|plugin| plugin.sender.as_ref());
    Settings {
        rules,
        limits: config.limits.clone(),
        spend: config.spend.clone(),
        organization: config.organization.clone(),
        support_contact: contact(&config.support),
        sender: sender.map(|sender| sender.as_str().to_owned()).unwrap_or_default(),
        sign_in: config.sign_in.clone(),
        upkeep: UpkeepRules { anchor: Some(config.store.anchor_file()), retention: config.retention },
    }
}

fn contact(support: &Support) -> String {
    let phone = support.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let email = support.email.as_ref().map(|email| email.as_str().to_owned());
    let hours = (!support.hours.is_empty()).then(|| support.hours.clone());
    [phone, email, hours].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn admins(configured: &[Admin]) -> Result<Vec<u32>, RunError> {
    let uid = |admin: &Admin| match admin {
        Admin::Uid(uid) => Ok(*uid),
        Admin::Name(name) => users::id_of(name).ok_or_else(|| RunError::NoSuchUser(name.clone())),
    };
    configured.iter().map(uid).collect()
}

const fn bus_address(address: &BusAddress) -> &str {
    match address {
        BusAddress::System => "system",
        BusAddress::Session => "session",
        BusAddress::At(address) => address.as_str(),
    }
}

async fn keys(store: &SqliteStore) -> Result<Keys, RunError> {
    Ok(Keys {
        decoys: store.decoy_key(),
        sign_in: JwsKey::new(&store.sign_in_key()),
        retired: store.retired_sign_in_keys(now()).await?,
    })
}

/// How the configuration has the store opened.
#[must_use]
pub fn store_options(store: &Store) -> SqliteOptions {
    SqliteOptions { anchor: Some(store.anchor_file()), ..SqliteOptions::new(&store.path) }
}

/// The key from systemd's credentials, or from a file beside the database, which the first start makes.
///
/// # Errors
/// [`RunError::Keyring`] says what is wrong with it.
pub fn keyring(store: &Store) -> Result<Keyring, RunError> {
    let (database, name) = (&store.path, &store.key);
    if let Some(credentials) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        // As the unit imports it from the system's store of credentials, or as a unit of one's own calls it.
        let names = [format!("{CREDENTIAL_PREFIX}{name}"), name.to_owned()];
        let found = names.iter().map(|name| Path::new(&credentials).join(name)).find(|path| path.exists());
        if let Some(credential) = found {
            return Ok(Keyring::load(&credential)?);
        }
    }
    let file = database.parent().unwrap_or_else(|| Path::new("/")).join(name);
    if file.exists() {
        return Ok(Keyring::load(&file)?);
    }
    if database.exists() || store.anchor_file().exists() {
        // A fresh key could read nothing of this database: better to say so than to make one.
        tracing::error!(key = %file.display(), "the key is missing, but the database is there: restore the key from its backup");
        return Ok(Keyring::load(&file)?);
    }
    make_private_directory(&file)?;
    Ok(Keyring::create(&file)?)
}

/// Makes the directory that `file` is in, where it is missing, for this user alone.
///
/// # Errors
/// [`StoreError::File`].
pub fn make_private_directory(file: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(directory) = file.parent().filter(|directory| !directory.exists()) else { return Ok(()) };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| StoreError::File { what: "create", path: directory.to_owned(), source })
}
