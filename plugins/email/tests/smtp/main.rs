//! The real plugin binary against an SMTP server that we did not write (aiosmtpd).

#![cfg(test)]

mod connections;
mod letters;
mod peers;
mod process;
mod secured;
