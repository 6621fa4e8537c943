//! The daemon of Readmit, as a library: what `readmitd` runs and its tests drive.

pub mod config;
pub mod plugins;
