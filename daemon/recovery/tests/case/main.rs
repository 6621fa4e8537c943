//! The case from outside: what it does with every event, told in short words (see `kit`).

#[cfg(test)]
mod calling;
#[cfg(test)]
mod challenges;
#[cfg(test)]
mod deciding;
#[cfg(test)]
mod decoys;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod people;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod states;
