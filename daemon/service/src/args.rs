//! What `readmitd` is told on its command line.

use std::path::PathBuf;

use clap::Parser;

/// The account-recovery daemon: runs recoveries by the organization's policy, reached over D-Bus.
///
/// It is meant to run under systemd. Policies, plugins and limits are in the configuration; what it does is in the
/// journal, which `readmit audit read` shows.
#[derive(Debug, Parser)]
#[command(
    name = "readmitd",
    version,
    after_help = "Examples:\n  readmitd                              run with /etc/readmit/readmit.toml\n  readmitd --config ./readmit.toml      run with another configuration\n  readmitd --check-config               check the configuration and exit\n\nSignals: SIGTERM and SIGINT stop it, SIGHUP reads the policies again\nand checks the configuration, of which changes take effect with a restart.\nREADMIT_LOG sets what is logged, as in READMIT_LOG=debug.\n\nExit codes: 0 stopped as asked, or the configuration is right; 1 failed, or the configuration is wrong; 2 wrong usage."
)]
pub struct Args {
    /// The configuration [default: /etc/readmit/readmit.toml, which may be missing].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Check the configuration, say what is wrong, and exit.
    #[arg(long)]
    pub check_config: bool,
    /// With --check-config: say it as JSON.
    #[arg(long, requires = "check_config")]
    pub json: bool,
}
