//! A whole recovery on one machine: the parts of the demonstration that others may use as well.
//!
//! [`smtp::MailSink`] is a mailbox and [`phone::Softphone`] a telephone on the loopback interface.

pub mod limits;
pub mod mailbox;
pub mod phone;
pub mod smtp;
