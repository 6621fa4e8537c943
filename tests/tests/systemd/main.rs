//! The daemon as a service: what it tells the service manager, what it walls itself off from, and what it bears of clocks
//! and disks.

#![cfg(test)]

mod clocks;
mod disks;
mod doctor;
mod heads;
mod installed;
mod manager;
mod sandbox;
mod service;
mod starting;
mod units;
mod watchdog;
mod webhooks;
