//! The portal: the pages that a person with a lost phone sees.
//!
//! A small web server that holds no secrets of accounts and does everything over D-Bus, as any front end does. It
//! draws what the daemon says of a case and passes on what people type; what is decided, is decided in the daemon.

mod args;
mod config;
mod console;
mod desk;
mod limits;
mod pages;
mod run;
mod secret;
mod server;
mod web;
mod words;

pub use run::run;
