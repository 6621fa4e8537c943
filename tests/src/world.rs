//! A bus, a daemon, its plugins, a mail server, a telephone and a clock, all of the test's own.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use toml::Table;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::daemon::{Daemon, tail};
use crate::desk::Desk;
use crate::plugins::{Service, by_socket};
use crate::portal::{Portal, free_address};
use crate::programs::{Ended, program, run};
use crate::{Mailbox, PASSWORD, Person, Phone, ServiceManager, patiently, prompts};

/// Everything that a recovery needs, and nothing of anybody else's.
pub struct World {
    /// A front end's and an administrator's connection: the user who runs the tests is both.
    pub desk: Desk,
    /// The mail server.
    pub mailbox: Mailbox,
    /// The daemon's clock, and the portal's; only worlds that were built with one may set it.
    pub clock: Clock,
    phone: Option<Phone>,
    daemon: Option<Daemon>,
    has_clock: bool,
    filter: String,
    portal_url: Option<String>,
    manager: Option<ServiceManager>,
    /// Plugins that are not the daemon's children.
    _services: Vec<Service>,
    bus: Bus,
    // Last, so that it is removed when nobody uses it any more.
    directory: TempDir,
}

/// What a world is to be like.
pub struct Builder {
    policy: String,
    config: Table,
    phone: Option<&'static str>,
    clock: bool,
    filter: String,
    portal_url: Option<String>,
    manager: Option<Option<Duration>>,
    sockets: bool,
}

impl World {
    /// A world to be built, with the policy that is shipped.
    #[must_use]
    pub fn builder() -> Builder {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default.lua");
        Builder {
            policy: std::fs::read_to_string(shipped).unwrap(),
            config: Table::new(),
            phone: None,
            clock: false,
            filter: "info,zbus=warn".to_owned(),
            portal_url: None,
            manager: None,
            sockets: false,
        }
    }

    /// The telephone.
    ///
    /// # Panics
    /// If the world was built without one.
    pub fn phone(&mut self) -> &mut Phone {
        self.phone.as_mut().expect("a world with a phone")
    }

    /// The mail server and the telephone at once.
    ///
    /// # Panics
    /// If the world was built without a phone.
    pub fn peers(&mut self) -> (&mut Mailbox, &mut Phone) {
        (&mut self.mailbox, self.phone.as_mut().expect("a world with a phone"))
    }

    /// The service manager.
    ///
    /// # Panics
    /// If the world was built without one.
    #[must_use]
    pub fn manager(&self) -> &ServiceManager {
        self.manager.as_ref().expect("a world with a service manager")
    }

    /// The process id of the bus.
    #[must_use]
    pub fn bus_id(&self) -> u32 {
        self.bus.id()
    }

    /// The daemon's time.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Puts an owner on file, with a password, a verified address, a verified number and a device.
    pub async fn person(&self, account: &str) -> Person {
        self.person_with(account, json!({}), "virtual").await
    }

    /// Puts a person on file whose account differs by `properties` (null: it has none), with a device of this form.
    pub async fn person_with(&self, account: &str, properties: Value, form: &str) -> Person {
        let mut all = json!({
            "kind": "owner", "email": Person::email_of(account), "phone": Person::phone_of(account),
            "phone_country": "US",
        });
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.desk.add_account(account, all).await.unwrap();
        self.desk.texts("Accounts1", "SetPassword", &[account, PASSWORD]).await.unwrap();
        let enrolled = self.desk.enroll(account, json!({ "label": "phone", "form": form })).await.unwrap();
        Person::new(account, &enrolled)
    }

    /// Runs the command line against the world's bus.
    #[must_use]
    pub fn cli(&self, arguments: &[&str], input: &str) -> Ended {
        run("readmit", &[&["--bus", self.bus.address()], arguments].concat(), input)
    }

    /// The address of the bus.
    #[must_use]
    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// The world's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The daemon's configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.directory().join("readmit.toml")
    }

    /// What the daemon and its plugins wrote to standard error so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory().join("daemon.log")).unwrap_or_default()
    }

    /// The daemon's process id.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn daemon_id(&self) -> u32 {
        self.daemon.as_ref().expect("a running daemon").id()
    }

    /// Waits until every plugin runs.
    pub async fn plugins_run(&self) {
        let all_run = async {
            loop {
                let plugins = self.desk.texts("Plugins1", "List", &[]).await.unwrap();
                if plugins.as_array().unwrap().iter().all(|plugin| plugin["state"] == "running") {
                    return;
                }
            }
        };
        patiently("the plugins", all_run).await;
    }

    /// Writes the policy for a realm.
    pub fn write_policy(&self, realm: &str, text: &str) {
        std::fs::write(self.directory().join(format!("policies/{realm}.lua")), text).unwrap();
    }

    /// Starts the portal that the world was built for, with this configuration over the usual one.
    ///
    /// # Panics
    /// If the world was built without [`Builder::portal`].
    pub async fn portal(&self, config: &str) -> Portal {
        let url = self.portal_url.as_deref().expect("a world with a portal");
        let usual = format!(
            "listen = \"{}\"\npublic_url = \"{url}\"\norganization = \"Example\"\nbus = \"{}\"\n",
            url.trim_start_matches("http://"),
            self.address()
        );
        let mut table: Table = usual.parse().unwrap();
        merge(&mut table, config.parse().unwrap());
        let file = self.directory().join("portal.toml");
        std::fs::write(&file, toml::to_string(&table).unwrap()).unwrap();
        Portal::start(url, file, self.has_clock.then_some(&self.clock)).await
    }

    /// Ends the daemon as a power cut does.
    pub async fn kill(&mut self) {
        self.daemon.take().expect("a running daemon").kill().await;
    }

    /// Asks the daemon to stop.
    pub async fn stop(&mut self) -> ExitStatus {
        self.daemon.take().expect("a running daemon").stop().await
    }

    /// Starts the daemon (again).
    pub async fn start(&mut self) {
        let log = self.directory().join("daemon.log");
        let environment = self.environment();
        self.daemon = Some(Daemon::start(&self.config(), &log, &self.filter, &environment, &self.desk).await);
    }
}

impl World {
    fn environment(&self) -> Vec<(String, PathBuf)> {
        let clock = self.has_clock.then(|| self.clock.environment()).into_iter().flatten();
        let clock = clock.map(|(name, value)| (name.to_owned(), value));
        clock.chain(self.manager.iter().flat_map(ServiceManager::environment)).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon wrote:\n{}", tail(&self.directory().join("daemon.log")));
        }
    }
}

impl Builder {
    /// Another policy than the shipped one.
    #[must_use]
    pub fn policy(mut self, text: &str) -> Self {
        text.clone_into(&mut self.policy);
        self
    }

    /// Further configuration, over the usual one.
    #[must_use]
    pub fn config(mut self, text: &str) -> Self {
        merge(&mut self.config, text.parse().unwrap());
        self
    }

    /// A telephone at the trunk, in this mode. Without one nobody answers there.
    #[must_use]
    pub const fn phone(mut self, mode: &'static str) -> Self {
        self.phone = Some(mode);
        self
    }

    /// A place for the portal, which the links in messages lead to; [`World::portal`] starts it.
    #[must_use]
    pub fn portal(mut self) -> Self {
        let url = format!("http://{}", free_address());
        let links = format!("[plugins.email.settings]\nlink_base = \"{url}\"\n");
        self.portal_url = Some(url);
        self.config(&links)
    }

    /// A clock that the test sets.
    #[must_use]
    pub const fn clock(mut self) -> Self {
        self.clock = true;
        self
    }

    /// A service manager that the daemon reports to, and that wants a sign of life so often, if at all.
    #[must_use]
    pub const fn manager(mut self, watchdog: Option<Duration>) -> Self {
        self.manager = Some(watchdog);
        self
    }

    /// Plugins that run by themselves and that the daemon connects to.
    #[must_use]
    pub const fn sockets(mut self) -> Self {
        self.sockets = true;
        self
    }

    /// What is logged.
    #[must_use]
    pub fn log(mut self, filter: &str) -> Self {
        filter.clone_into(&mut self.filter);
        self
    }

    /// Builds the world and waits until the daemon serves.
    pub async fn start(self) -> World {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let bus = Bus::start(place);
        let mailbox = Mailbox::start().await;
        let phone = match self.phone {
            Some(mode) => Some(Phone::start(mode).await),
            None => None,
        };
        std::fs::create_dir(place.join("policies")).unwrap();
        std::fs::write(place.join("policies/default.lua"), &self.policy).unwrap();
        prompts::write(&place.join("prompts"));
        let trunk = phone.as_ref().map_or_else(nobody, Phone::address);
        let mut config = usual(place, bus.address(), mailbox.port(), &trunk);
        let services = if self.sockets { by_socket(&mut config, place) } else { Vec::new() };
        merge(&mut config, self.config);
        std::fs::write(place.join("readmit.toml"), toml::to_string(&config).unwrap()).unwrap();
        let desk = Desk::connect(bus.address()).await;
        let clock = Clock::new(place);
        let manager = self.manager.map(|watchdog| ServiceManager::start(place, watchdog));
        let (has_clock, filter, portal_url) = (self.clock, self.filter, self.portal_url);
        let mut world = World {
            desk,
            mailbox,
            clock,
            phone,
            daemon: None,
            has_clock,
            filter,
            portal_url,
            manager,
            _services: services,
            bus,
            directory,
        };
        world.start().await;
        world
    }
}

/// An address at which nobody listens.
fn nobody() -> String {
    let socket = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    socket.local_addr().unwrap().to_string()
}

fn usual(place: &Path, bus: &str, smtp: u64, trunk: &str) -> Table {
    let uid = rustix::process::getuid().as_raw();
    let place = place.display();
    let (email, voice) = (program("readmit-email"), program("readmit-voice"));
    let (email, voice) = (email.display(), voice.display());
    format!(
        r#"
[bus]
address = "{bus}"
admins = ["{uid}"]
[store]
path = "{place}/state/readmit.db"
[policy]
directory = "{place}/policies"
[organization]
name = "Example"
[support]
email = "support@example.org"
phone = "+14155550199"
hours = "9 to 5"
[plugins.email]
command = ["{email}"]
channels = ["email"]
sender = "recovery@example.org"
[plugins.email.settings]
from = "Example <recovery@example.org>"
server = "127.0.0.1"
port = {smtp}
security = "none"
link_base = "https://recover.example.org"
[plugins.voice]
command = ["{voice}"]
channels = ["voice"]
[plugins.voice.settings]
trunk = "{trunk}"
from = "+14155550100"
regions = ["+1"]
prompts = "{place}/prompts"
"#
    )
    .parse()
    .unwrap()
}

/// Puts what `over` says over `table`.
fn merge(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}
