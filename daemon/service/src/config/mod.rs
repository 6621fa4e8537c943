//! The configuration file, `readmit.toml`: read whole, checked whole, and turned into typed values.
//!
//! Every key has a default that serves, so an empty file is a working configuration. Everything that is wrong is
//! found in one go, each with its line and how to mend it. No secret belongs into the file: it names files and
//! credentials that hold them.

mod difference;
mod document;
mod file;
mod keys;
mod limit;
mod metrics;
mod plugin;
mod read;
mod report;
mod shown;
mod spend;
mod tracing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::assurance::Level;

use readmit_store::Retention;

use crate::service::{SignInRules, UpkeepRules};

pub use file::ConfigFile;
pub use keys::{KEYS, Key, Kind};
pub use limit::{Limit, LimitRules};
pub use metrics::{Metrics, MetricsListen};
pub use plugin::{Launch, PluginConfig, is_channel_name};
pub use report::{ConfigError, Problem, Report};
pub use shown::shown;
pub use spend::{Money, Spend};
pub use tracing::{Collector, Tracing};

/// Where the configuration is, if nobody says otherwise.
pub const DEFAULT_PATH: &str = "/etc/readmit/readmit.toml";

/// Bytes in a configuration file.
pub const MAX_FILE: u64 = 1024 * 1024;
/// Plugins in a configuration.
pub const MAX_PLUGINS: usize = 32;
/// Bytes in any text of a configuration.
pub const MAX_TEXT: usize = 1024;
/// Entries in any list of a configuration.
pub const MAX_ENTRIES: usize = 64;

/// Bytes in the name of an audience of tokens.
pub const MAX_AUDIENCE_BYTES: usize = 200;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[bus]`
    pub bus: Bus,
    /// `[store]`
    pub store: Store,
    /// `[policy]`
    pub policy: Policy,
    /// `assurance.level`: the floor under every policy.
    pub assurance: Level,
    /// `organization.name`: who writes to people.
    pub organization: String,
    /// `[case]`
    pub case: CaseTimes,
    /// `[support]`
    pub support: Support,
    /// `[sign_in]`
    pub sign_in: SignInRules,
    /// `[retention]`: how long things are kept.
    pub retention: Retention,
    /// `[limits]`
    pub limits: LimitRules,
    /// `[spend]`: what calls may cost.
    pub spend: Spend,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `sandbox.mode`: whether the daemon walls itself in.
    pub sandbox: Sandboxing,
    /// `[tracing]`
    pub tracing: Tracing,
    /// `[plugins.NAME]`, in the order of the file: the first of a channel is preferred.
    pub plugins: Vec<PluginConfig>,
}

/// On which bus the daemon is, and who may administer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bus {
    /// The bus.
    pub address: BusAddress,
    /// Who may call the interfaces for administrators, beside those that polkit lets.
    pub admins: Vec<Admin>,
}

/// Which bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusAddress {
    /// The system's.
    System,
    /// The session's, to try things out.
    Session,
    /// The one at this address, `unix:path=…`.
    At(String),
}

/// An administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admin {
    /// By user name.
    Name(String),
    /// By number.
    Uid(u32),
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The database.
    pub path: PathBuf,
    /// The name of the key that seals secrets: a credential, or else a file beside the database.
    pub key: String,
    /// The file with the last signed head of the journal that was exported, if not beside the database.
    pub anchor: Option<PathBuf>,
}

impl Store {
    /// Where the last signed head of the journal that was exported is kept.
    #[must_use]
    pub fn anchor_file(&self) -> PathBuf {
        self.anchor.clone().unwrap_or_else(|| {
            let mut name = self.path.clone().into_os_string();
            name.push(".anchor");
            name.into()
        })
    }
}

/// Where policies are, and what they may use up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The directory with one file a realm.
    pub directory: PathBuf,
    /// CPU time of one decision.
    pub budget: Duration,
    /// Bytes that one environment may use.
    pub memory: usize,
    /// Who brings policies into force.
    pub activation: Activation,
    /// Whether a set without tests of its own is refused.
    pub require_tests: bool,
    /// How long all tests of a set may take.
    pub tests_for: Duration,
}

/// Who brings policies into force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activation {
    /// Whoever saves them.
    #[default]
    Saved,
    /// Two different users, after they were saved.
    TwoPersons,
}

/// Whether the daemon walls itself in, beside what its unit does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sandboxing {
    /// As far as the kernel and the plugins allow; what they do not is logged.
    #[default]
    Auto,
    /// Whole, or the daemon does not start.
    Require,
    /// Not at all.
    Off,
}

/// How long things last in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseTimes {
    /// How long a case may be proved.
    pub open_for: Duration,
    /// How long people have for an escalated case.
    pub escalated_for: Duration,
    /// How long a recovered case waits for its tasks.
    pub recovered_for: Duration,
    /// How long a code sent by e-mail is good (NIST SP 800-63B-4 §4.2.1.2: at most 24 hours).
    pub email_code_for: Duration,
    /// How long a code that a recovery contact hands over is good (NIST SP 800-63B-4 §4.2.1.3: at most 48 hours).
    pub contact_code_for: Duration,
    /// How long a code on any other channel is good (NIST SP 800-63B-4 §4.2.1.2: at most 10 minutes).
    pub code_for: Duration,
}

/// How people reach support.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Support {
    /// Where tickets go; none means that they only wait in the list of escalated cases.
    pub email: Option<EmailAddress>,
    /// What people may call.
    pub phone: Option<PhoneNumber>,
    /// When someone is there, in the organization's own words.
    pub hours: String,
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] if it cannot be read, [`ConfigError::Invalid`] with everything that is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = report::read(path).map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        Self::parse(&text, path).map_err(ConfigError::Invalid)
    }

    /// Reads and checks the file at [`DEFAULT_PATH`]; if there is none, every default holds.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_default() -> Result<Self, ConfigError> {
        match Self::load(Path::new(DEFAULT_PATH)) {
            Err(ConfigError::Unreadable(_, error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            result => result,
        }
    }

    /// Checks the text of a configuration file that is called `file`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Report> {
        read::read(text, file)
    }

    /// Checks the file and reports on it; an unreadable file is a problem like any other.
    #[must_use]
    pub fn check(path: &Path) -> Report {
        match Self::load(path) {
            Ok(_) => Report::default(),
            Err(error) => error.into_report(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bus: Bus { address: BusAddress::System, admins: vec![Admin::Name("root".to_owned())] },
            store: Store {
                path: "/var/lib/readmit/readmit.db".into(),
                key: "store.key".to_owned(),
                anchor: None,
            },
            policy: Policy {
                directory: "/etc/readmit/policies".into(),
                budget: Duration::from_millis(100),
                memory: 16 * MIB,
                activation: Activation::Saved,
                require_tests: false,
                tests_for: Duration::from_secs(10),
            },
            assurance: Level::Aal2,
            organization: "Readmit".to_owned(),
            case: CaseTimes::default(),
            support: Support::default(),
            sign_in: SignInRules::default(),
            retention: UpkeepRules::default().retention,
            limits: LimitRules::default(),
            spend: Spend::default(),
            metrics: Metrics::default(),
            sandbox: Sandboxing::default(),
            tracing: Tracing::default(),
            plugins: Vec::new(),
        }
    }
}

impl Default for CaseTimes {
    fn default() -> Self {
        Self {
            open_for: Duration::from_secs(24 * HOUR),
            escalated_for: Duration::from_secs(14 * DAY),
            recovered_for: Duration::from_secs(7 * DAY),
            email_code_for: Duration::from_secs(15 * MINUTE),
            contact_code_for: Duration::from_secs(24 * HOUR),
            code_for: Duration::from_secs(10 * MINUTE),
        }
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MIB: usize = 1024 * 1024;
