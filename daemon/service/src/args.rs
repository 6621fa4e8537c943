//! What `readmitd` is told on its command line.

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand};

/// The account-recovery daemon: runs recoveries by the organization's policy, reached over D-Bus.
///
/// It is meant to run under systemd. Policies, plugins and limits are in the configuration; what it does is in the
/// journal, which `readmit audit read` shows.
#[derive(Debug, Parser)]
#[command(
    name = "readmitd",
    version,
    after_help = "Examples:\n  readmitd                              run with /etc/readmit/readmit.toml\n  readmitd --config ./readmit.toml      run with another configuration\n  readmitd --check-config               check the configuration and exit\n  readmitd restore BACKUP               put a backup back (readmit restore does it with more words)\n  readmitd keyring add <old >new        a keyring with one key more, for a credential\n\nSignals: SIGTERM and SIGINT stop it, SIGHUP reads the policies again\nand checks the configuration, of which changes take effect with a restart.\nREADMIT_LOG sets what is logged, as in READMIT_LOG=debug.\n\nExit codes: 0 stopped as asked, or the configuration is right; 1 failed, or the configuration is wrong; 2 wrong usage."
)]
pub struct Args {
    /// The configuration [default: /etc/readmit/readmit.toml, which may be missing].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Check the configuration, say what is wrong, and exit.
    #[arg(long)]
    pub check_config: bool,
    /// Say what the configuration comes to, with every default, as JSON, and exit.
    #[arg(long, conflicts_with = "check_config")]
    pub show_config: bool,
    /// Say every key of the configuration, its kind, default and meaning, as JSON, and exit.
    #[arg(long, conflicts_with_all = ["check_config", "show_config", "config"])]
    pub describe_config: bool,
    /// With --check-config: say it as JSON.
    #[arg(long, requires = "check_config")]
    pub json: bool,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Put a backup back in the place of the database, or check one. The daemon must not run.
    Restore(RestoreArgs),
    /// Change a keyring that comes on standard input and goes to standard output.
    #[command(subcommand)]
    Keyring(KeyringVerb),
}

/// How to restore.
#[derive(Debug, Arguments)]
pub struct RestoreArgs {
    /// The backup.
    pub file: PathBuf,
    /// Only check the backup; neither the database nor a key is needed.
    #[arg(long)]
    pub check: bool,
    /// Go back although what happened since the backup is lost.
    #[arg(long)]
    pub accept_rollback: bool,
    /// The keyring, if it is not where the configuration says; - reads it from standard input.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// How to change a keyring.
#[derive(Debug, Subcommand)]
pub enum KeyringVerb {
    /// Add a fresh key, which becomes the newest.
    Add,
    /// Take away all but the newest key.
    Prune,
}
