//! Measures a suite of tests: `cargo run --release -p readmit-policy --example suite -- DIRECTORY [TIMES]`.
//!
//! It loads the policies and the tests of a directory once, runs all tests so many times on one thread, and prints
//! how many tests a second that is, and the median of a whole run. A test that fails ends it.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use readmit_policy::workbench::testing::{Options, Suite};
use readmit_policy::{Budget, Channels, PolicySet, Sources};

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("name the directory of a set of policies with tests")?;
    let times: usize = arguments.next().map_or(Ok(20), |times| times.parse())?;
    let started = Instant::now();
    let sources = Sources::read(&PathBuf::from(directory))?;
    let suite = Suite::load(&sources)?;
    let set = PolicySet::load(sources, Budget::default(), &Channels::default())?;
    println!("loaded in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);

    let options = Options { threads: 1, ..Options::default() };
    let mut seconds = Vec::new();
    let mut tests = 0;
    for _ in 0..times.max(1) {
        let started = Instant::now();
        let report = suite.run(&set, &options, &|_| ());
        seconds.push(started.elapsed().as_secs_f64());
        tests = report.results.len();
        if let Some(failed) = report.results.iter().find(|result| result.failure.is_some()) {
            return Err(
                format!("{}:{}: {}: {:?}", failed.file, failed.line, failed.name, failed.failure).into()
            );
        }
    }
    seconds.sort_unstable_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    #[expect(clippy::cast_precision_loss, reason = "a count of a few thousand")]
    let tests_a_second = tests as f64 / median;
    println!("{tests} tests in {:.2} ms: {tests_a_second:.0} a second, one thread", median * 1e3);
    Ok(())
}
