//! The command line against a double of the daemon on a private bus: what it sends, what it shows, how it
//! ends.

#[cfg(test)]
mod activation;
#[cfg(test)]
mod covering;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod health;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod mutating;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod policy_check;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod recover;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod run;
#[cfg(test)]
mod story;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod top;
#[cfg(test)]
mod verbs;
#[cfg(test)]
mod verifying;
