//! A whole recovery on one machine, to do with a mouse, to watch or to drive.
//!
//! [`stage::Stage`] sets everything up: a bus, the daemon with its plugins, a mailbox and a telephone, and a
//! sample account. [`web`] shows it in a browser, with the portal beside mailbox and telephone; [`watch`] plays the
//! person; [`drive`] leaves that to whoever sits at the terminal, with [`pocket`] for the mails and the calls. [`smtp::MailSink`] and [`phone::Softphone`] stand on their own: other
//! demonstrations and tests may use them.

pub mod authenticator;
pub mod binaries;
pub mod bus;
pub mod client;
pub mod daemon;
pub mod drive;
pub mod guard;
pub mod home;
pub mod limits;
pub mod mailbox;
pub mod narrator;
pub mod options;
pub mod person;
pub mod phone;
pub mod pocket;
pub mod portal;
pub mod process;
pub mod run;
pub mod smtp;
pub mod stage;
pub mod watch;
pub mod web;
