//! `readmit-portal console`, as it is typed.

use clap::Args;

use super::listening::Address;
use crate::config::origin_of;

const EXAMPLES: &str = "\
Examples:
  At the desk: a browser on this machine; the address that is printed is good once, for a minute.
      readmit-portal console

  Over ssh: the console listens on a socket that is yours alone; then open http://localhost:8443
      ssh -L 8443:/run/user/1000/readmit-console.sock host readmit-portal console --listen unix

  Behind the organization's single sign-on: systemd passes a socket for each member of staff.
      systemctl enable --now readmit-console@alice.socket
      (readmit-console@.service runs: readmit-portal console --proxy www-data --public-url https://support.example.org)

The console acts as the user who runs it: the daemon sees their user id, and the journal names them. They need a
role: the group readmit-helpdesk, readmit-security or readmit-admins. Nobody decides about their own account. CONSOLE.md has the whole of it.";

/// Serve support's pages to the user who runs this, and to nobody else
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConsoleArgs {
    /// Where to listen: loopback (any free address of this machine), 127.0.0.1:PORT, unix (readmit-console.sock in
    /// $XDG_RUNTIME_DIR), or unix:/path. A socket that systemd passes wins over it
    #[arg(long, value_name = "ADDRESS", default_value = "loopback")]
    pub(crate) listen: Address,
    /// The user of the reverse proxy, who may connect too; the proxy has checked who asks
    #[arg(long, value_name = "USER")]
    pub(crate) proxy: Option<String>,
    /// Where the proxy serves this console: https://support.example.org
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    /// The bus: system, session, or an address. The configuration's, if it is not given
    #[arg(long, value_name = "BUS")]
    pub(crate) bus: Option<String>,
}

fn public_url(text: &str) -> Result<String, &'static str> {
    origin_of(text).ok_or("write scheme and host, and perhaps a port: https://support.example.org")
}
