//! The real plugin binary against an SMTP server that we did not write (aiosmtpd).

#[cfg(test)]
mod connections;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod process;
#[cfg(test)]
mod secured;
