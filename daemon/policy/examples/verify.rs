//! Measures how fast every case of a policy is walked: `cargo run --release -p readmit-policy --example verify [DIR]`.
//!
//! Without a directory it is the shipped `default.lua`. It prints one line a policy file: classes, cases and states,
//! and how many of them a second.

use std::error::Error;

use readmit_policy::workbench::testing::Invariants;
use readmit_policy::workbench::verify::{Options, verify};
use readmit_policy::{Budget, Channels, PolicySet, Sources};

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn main() -> Result<(), Box<dyn Error>> {
    let sources = match std::env::args_os().nth(1) {
        Some(directory) => Sources::read(directory.as_ref())?,
        None => Sources::shipped()?,
    };
    let channels = Channels::default();
    let invariants = Invariants::load(&sources, &channels)?;
    let set = PolicySet::watched(sources, Budget::default(), &channels)?;
    for file in verify(&set, &invariants, &Options::default(), &|_| ())? {
        let seconds = file.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts of a few million")]
        let a_second = |count: u64| count as f64 / seconds;
        println!(
            "{}: {} openings, {} classes, {} cases ({:.0}/s), {} states ({:.0}/s), {} decisions ({} asked), {seconds:.2} s, {}",
            file.file,
            file.openings,
            file.classes,
            file.cases,
            a_second(file.cases),
            file.states,
            a_second(file.states),
            file.decisions,
            file.asked,
            if file.is_proven() { "proven" } else { "not proven" },
        );
        for example in file.counterexamples {
            println!("{} ({} classes)\n{}", example.cause, example.classes, example.test);
        }
    }
    Ok(())
}
