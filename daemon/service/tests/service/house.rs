//! A service with everything around it, in a directory of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use readmit_policy::{Budget, Channels};
use readmit_recovery::case::{StepView, View};
use readmit_recovery::facts::Client;
use readmit_recovery::id::CaseHandle;
use readmit_recovery::rules::Rules;
use readmit_recovery::secret::Secret;
use readmit_recovery::totp::{Authenticator, STEP_SECONDS};
use readmit_store::{JournalRow, Keyring, SqliteOptions, SqliteStore, Store};
use readmitd::config::{Activation, LimitRules, PluginConfig, Spend};
use readmitd::jws::JwsKey;
use readmitd::plugins::Supervisor;
use readmitd::service::{
    AccountProperties, DeviceProperties, Fault, Keys, NewDevice, Officer, OpenContext, PluginEvents,
    Policies, PolicyOptions, Service, Settings, SignInRules, Signal, SubmitReply, UpkeepRules, now,
};
use readmitd::watch::{self, Watch};
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::post::Post;

pub const ALICE: &str = "alice";
pub const NOBODY: &str = "nobody-of-that-name";
pub const PASSWORD: &str = "correct horse battery";
pub const EMAIL: &str = "alice@example.org";
pub const PHONE: &str = "+14155550123";
pub const ISSUER: &str = "https://recover.example.org";
pub const ADMIN: &str = "uid:0";

/// One way to recover a reason, so that each test takes the shortest.
pub const POLICY: &str = r#"
local policy = {}
function policy.open(case)
  if case.account.kind == "member" then
    return escalate { to = "administrator", because = "members cannot" }
  end
  if case.reason == "lost" then return prove { "password", "email" } end
  if case.reason == "stolen" then return prove { "password", "recovery_code" } end
  if case.reason == "damaged" then return prove { "password", "voice" } end
  if case.reason == "not_working" then return prove { "totp", "email" } end
  return prove { "password", "resync" }
end
function policy.failed(case, failure)
  if failure.count < 5 then return retry { after = 0 } end
  return escalate { to = "support", because = failure.disposition }
end
function policy.recovered(case)
  if case.reason == "out_of_sync" then return outcome { device = "keep" } end
  return outcome {
    device = "deactivate",
    force_password_change = case.reason == "lost",
    hold = case.reason == "stolen" and hours(1) or nil,
    enroll_within = days(7),
  }
end
return policy
"#;

pub struct House {
    pub directory: Arc<TempDir>,
    pub service: Arc<Service>,
    pub store: Arc<SqliteStore>,
    pub signals: broadcast::Receiver<Signal>,
    stop: CancellationToken,
    watch: Option<Watch>,
    work: Option<JoinHandle<Result<(), Fault>>>,
}

impl House {
    /// Without plugins and without work in the background: events, and nothing else.
    pub async fn quiet() -> Self {
        Self::with_policy(POLICY).await
    }

    pub async fn with_policy(policy: &str) -> Self {
        let directory = private_directory();
        write_policy(directory.path(), policy);
        Self::on(directory, limits(), Vec::new()).await
    }

    pub async fn limited(change: impl FnOnce(&mut LimitRules)) -> Self {
        let directory = private_directory();
        write_policy(directory.path(), POLICY);
        let mut limits = limits();
        change(&mut limits);
        Self::on(directory, limits, Vec::new()).await
    }

    /// With a plugin that the test answers for, working.
    pub async fn working() -> (Self, Post) {
        Self::working_with(POLICY).await
    }

    pub async fn working_with(policy: &str) -> (Self, Post) {
        let directory = private_directory();
        write_policy(directory.path(), policy);
        Self::working_on(directory).await
    }

    pub async fn working_on(directory: Arc<TempDir>) -> (Self, Post) {
        let (post, plugin) = Post::open(directory.path());
        let mut house = Self::on(directory, limits(), vec![plugin]).await;
        house.work();
        (house, post)
    }

    /// Whatever is in this directory.
    pub async fn on(directory: Arc<TempDir>, limits: LimitRules, plugins: Vec<PluginConfig>) -> Self {
        let options = policy_options(directory.path());
        Self::with_options(directory, |settings| settings.limits = limits, plugins, options).await
    }

    /// With a plugin that the test answers for, working, and with a limit in money.
    pub async fn spending(directory: Arc<TempDir>, spend: Spend) -> (Self, Post) {
        let (post, plugin) = Post::open(directory.path());
        let options = policy_options(directory.path());
        let change = |settings: &mut Settings| settings.spend = spend;
        let mut house = Self::with_options(directory, change, vec![plugin], options).await;
        house.work();
        (house, post)
    }

    /// What is in this directory, with other demands on policies, and watched.
    pub async fn watching(directory: Arc<TempDir>, change: impl FnOnce(&mut PolicyOptions)) -> Self {
        let mut options = policy_options(directory.path());
        change(&mut options);
        // As the daemon does it: watched before it is read.
        let (saved, save) = mpsc::channel(1);
        let watch = Watch::start(&options.directory, saved).await;
        let mut house = Self::with_options(directory, |_| {}, Vec::new(), options).await;
        house.watch = Some(watch);
        tokio::spawn(watch::keep_up(house.service.clone(), save, house.stop.clone()));
        house
    }

    async fn with_options(
        directory: Arc<TempDir>,
        change: impl FnOnce(&mut Settings),
        plugins: Vec<PluginConfig>,
        options: PolicyOptions,
    ) -> Self {
        let store = store(directory.path());
        let policies = Policies::load(options, &*store).await.expect("policies");
        let mut settings = Settings {
            rules: Rules::default(),
            limits: limits(),
            spend: Spend::default(),
            organization: "Example".to_owned(),
            support_contact: "+1 415 555 0199".to_owned(),
            sender: "help@example.org".to_owned(),
            sign_in: SignInRules {
                issuer: ISSUER.to_owned(),
                audiences: vec!["payroll".to_owned(), "wiki".to_owned()],
            },
            upkeep: UpkeepRules::default(),
        };
        change(&mut settings);
        let keys = Keys {
            decoys: store.decoy_key(),
            sign_in: JwsKey::new(&store.sign_in_key()),
            retired: Vec::new(),
        };
        let service = Service::new(store.clone(), policies, settings, keys, Arc::default(), Arc::default())
            .expect("a service");
        let signals = service.signals();
        service.start_policies().await.expect("started");
        service.resume_shadow().await;
        service.attach(Supervisor::start(plugins, Arc::new(PluginEvents(service.clone()))));
        let stop = CancellationToken::new();
        Self { directory, service, store, signals, stop, watch: None, work: None }
    }

    /// Begins to work off deliveries and deadlines.
    pub fn work(&mut self) {
        let (service, stop) = (self.service.clone(), self.stop.clone());
        self.work = Some(tokio::spawn(async move { service.run(stop).await }));
    }

    /// Ends in good order, and returns what is on the disk then.
    pub async fn stop(mut self) -> Arc<TempDir> {
        self.stop.cancel();
        drop(self.watch.take());
        self.service.plugins().expect("plugins").shutdown().await;
        if let Some(work) = self.work.take() {
            within(work).await.expect("it ends").expect("it ends well");
        }
        self.store.close();
        // A process takes its locks with it; a house in this one does not.
        self.as_killed()
    }

    /// What the disk holds at this moment, as after `kill -9`: another directory, to go on from.
    pub fn as_killed(&self) -> Arc<TempDir> {
        let copy = private_directory();
        for file in std::fs::read_dir(self.directory.path()).expect("readable") {
            let file = file.expect("an entry");
            if file.file_type().expect("a type").is_file() {
                std::fs::copy(file.path(), copy.path().join(file.file_name())).expect("copied");
            }
        }
        copy_files(&self.directory.path().join("policies"), &copy.path().join("policies"));
        copy
    }

    pub async fn add_alice(&self) -> NewDevice {
        let properties = AccountProperties {
            emails: Some(vec![EMAIL.to_owned()]),
            phones: Some(vec![PHONE.to_owned()]),
            ..AccountProperties::default()
        };
        self.service.add_account(ALICE, &properties, ADMIN).await.expect("added");
        self.service.set_password(ALICE, Secret::new(PASSWORD), &by(ADMIN)).await.expect("set");
        self.add_device("phone").await
    }

    pub async fn add_device(&self, label: &str) -> NewDevice {
        let device = DeviceProperties {
            label: label.to_owned(),
            form: readmit_recovery::account::Form::Virtual,
            secret: None,
        };
        self.service.enroll(ALICE, device, &by(ADMIN)).await.expect("enrolled")
    }

    pub async fn open(&self, account: &str, reason: &str) -> String {
        self.try_open(account, reason, None).await.expect("opened")
    }

    pub async fn try_open(
        &self,
        account: &str,
        reason: &str,
        address: Option<&str>,
    ) -> Result<String, Fault> {
        let context = OpenContext {
            client: Client { address: address.map(str::to_owned), ..Client::default() },
            browser: Some(Secret::new("this browser")),
            device: None,
        };
        self.service.open(account, reason, context, "uid:33").await.map(|case| case.to_string())
    }

    pub async fn submit(&self, case: &str, factor: &str, proof: &str) -> Result<SubmitReply, Fault> {
        self.service.submit(case, factor, vec![Secret::new(proof)], "uid:33").await
    }

    pub async fn prove(&self, case: &str, factor: &str, proof: &str) {
        let reply = self.submit(case, factor, proof).await.expect("taken");
        assert!(reply.accepted, "{factor}: {reply:?}");
    }

    pub async fn view(&self, case: &str) -> View {
        self.service.show(case).await.expect("a case").1
    }

    pub async fn step(&self, case: &str, factor: &str) -> StepView {
        let steps = self.view(case).await.steps;
        steps.into_iter().find(|step| step.factor.as_str() == factor).expect("a step")
    }

    /// Waits until a case looks so.
    pub async fn until(&mut self, case: &str, looks: impl Fn(&View) -> bool) -> View {
        loop {
            let view = self.view(case).await;
            if looks(&view) {
                return view;
            }
            within(self.signals.recv()).await.expect("the service tells");
        }
    }

    /// A recovered case of alice, with everything left to do.
    pub async fn recovered(&mut self, post: &mut Post) -> String {
        let case = self.open(ALICE, "lost").await;
        self.prove(&case, "password", PASSWORD).await;
        self.service.start(&case, "email", "uid:33").await.expect("started");
        let mail = post.mail("verification").await;
        self.prove(&case, "email", &mail["code"]).await;
        assert_eq!(self.view(&case).await.state, "recovered");
        case
    }

    pub async fn journal(&self) -> Vec<JournalRow> {
        self.store.journal(readmit_recovery::time::Timestamp::default(), 0, 1000).await.expect("a journal")
    }

    /// The entries of this kind, with who wrote them and what they say.
    pub async fn entries(&self, kind: &str) -> Vec<(String, serde_json::Value)> {
        let rows = self.journal().await.into_iter().filter(|row| row.entry.kind == kind);
        rows.map(|row| (row.actor, serde_json::Value::Object(row.entry.detail))).collect()
    }
}

/// The handle of a case.
pub fn handle(case: &str) -> CaseHandle {
    CaseHandle::of(case).expect("an id")
}

/// Somebody who has no account of their own.
pub fn by(actor: &str) -> Officer {
    Officer { actor: actor.to_owned(), users: Vec::new() }
}

pub fn officer(uid: u32) -> Officer {
    Officer { actor: format!("uid:{uid}"), users: vec![format!("user{uid}")] }
}

/// The code that the device shows so many steps from now.
pub fn code(device: &NewDevice, away: i64) -> Secret {
    code_at(device, (now().unix() / STEP_SECONDS).saturating_add_signed(away))
}

pub fn code_at(device: &NewDevice, step: u64) -> Secret {
    Authenticator::new(&device.secret).expect("a secret").code(step)
}

/// So many that no test meets a limit that it is not about.
pub fn limits() -> LimitRules {
    let mut limits = LimitRules::default();
    limits.opens_per_account.max = 100_000;
    limits.emails_per_account.max = 100_000;
    limits.verifies_per_account.max = 100_000;
    limits.passwords_per_account.max = 100_000;
    limits
}

/// As the configuration says it by default, with time for a loaded machine.
pub fn policy_options(directory: &Path) -> PolicyOptions {
    PolicyOptions {
        directory: directory.join("policies"),
        budget: Budget { cpu: Duration::from_secs(10), ..Budget::default() },
        channels: ["email", "voice"].into_iter().collect::<Channels>(),
        rules: Rules::default(),
        activation: Activation::Saved,
        require_tests: false,
        tests_for: Duration::from_secs(60),
    }
}

/// The files of one directory into another, if there are any.
fn copy_files(from: &Path, to: &Path) {
    let Ok(files) = std::fs::read_dir(from) else { return };
    std::fs::create_dir_all(to).expect("a directory");
    for file in files {
        let file = file.expect("an entry");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

pub fn write_policy(directory: &Path, text: &str) -> PathBuf {
    let policies = directory.join("policies");
    std::fs::create_dir_all(&policies).expect("a directory");
    let file = policies.join("default.lua");
    std::fs::write(&file, text).expect("written");
    file
}

/// The store in a directory; a new one where there is none.
pub fn store(directory: &Path) -> Arc<SqliteStore> {
    let key = directory.join("store.key");
    let keyring = if key.exists() { Keyring::load(&key) } else { Keyring::create(&key) }.expect("a key");
    let options = SqliteOptions::new(directory.join("readmit.db"));
    Arc::new(SqliteStore::open(&options, Arc::new(keyring)).expect("a store"))
}

pub fn private_directory() -> Arc<TempDir> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).expect("private");
    Arc::new(directory)
}

/// Bounds a wait, so that what never comes fails the test.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it comes in time")
}
