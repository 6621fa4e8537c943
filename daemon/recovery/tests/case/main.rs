//! The case from outside: what it does with every event, told in short words (see `kit`).

#![cfg(test)]

mod calling;
mod challenges;
mod deciding;
mod decoys;
mod ending;
mod kit;
mod messages;
mod people;
mod reference;
mod states;
