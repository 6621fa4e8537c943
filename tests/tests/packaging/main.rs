//! The packages, installed on a Debian that runs.

#![cfg(test)]

mod contents;
mod example;
mod install;
mod kit;
mod lifetime;
mod packages;
mod people;
