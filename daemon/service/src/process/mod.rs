//! The process around the daemon: its log, what it tells the service manager, what it reads again, and the walls that
//! it builds around itself.
//!
//! Nothing here knows what a recovery is. Without systemd all of it works or is left out: nobody is told, the log is
//! text on standard error, and the walls are the process's own.

pub mod limits;
pub mod logging;
pub mod manager;
pub mod progress;
pub mod reload;
pub mod sandbox;
pub mod status;

pub use manager::Manager;
pub use reload::ReloadRequests;
pub use status::Board;
