//! The daemon of Readmit, as a library: what `readmitd` runs and its tests drive.

pub mod args;
pub mod bus;
mod causes;
pub mod config;
pub mod inherited;
pub mod jws;
pub mod meters;
pub mod plugins;
pub mod process;
pub mod restore;
pub mod run;
pub mod scrape;
pub mod service;
pub mod start;
pub mod traces;
pub mod users;
pub mod watch;
