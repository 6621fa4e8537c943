//! The set of policies that an offline verb is about.

use std::path::{Path, PathBuf};

use clap::Args;
use readmit_policy::{Budget, Channels, LoadError, PolicySet, Sources};
use readmit_recovery::assurance::Level;
use readmit_recovery::factor::Factor;
use readmit_recovery::rules::Rules;

use crate::failure::{Failure, Kind};

/// Where the daemon's policies are, unless its configuration says otherwise.
const INSTALLED: &str = "/etc/readmit/policies";

/// What the daemon's configuration would say about a set of policies.
#[derive(Args, Clone)]
pub struct Surroundings {
    /// The floor under the policies: aal2, aal1 or none, as `level` of assurance in the configuration
    #[arg(long, default_value = "aal2", value_name = "LEVEL", value_parser = level)]
    assurance: Level,
    #[command(flatten)]
    plugins: Plugins,
}

/// What the daemon's plugins would provide.
#[derive(Args, Clone)]
pub struct Plugins {
    /// A channel that a plugin provides beyond email and voice, such as sms; may be given more than once
    #[arg(long = "channel", value_name = "NAME", value_parser = channel)]
    channels: Vec<String>,
}

impl Plugins {
    /// The channels that plans may name.
    #[must_use]
    pub fn channels(&self) -> Channels {
        self.channels.iter().collect()
    }
}

impl Surroundings {
    /// The rules of the core.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules { assurance: self.assurance, ..Rules::default() }
    }

    /// The channels that plans may name.
    #[must_use]
    pub fn channels(&self) -> Channels {
        self.plugins.channels()
    }

    /// Loads policies.
    ///
    /// # Errors
    /// Every problem of the set, with its place.
    pub fn accept(&self, sources: Sources) -> Result<PolicySet, Failure> {
        PolicySet::load(sources, Budget::default(), &self.channels()).map_err(|error| refused(&error))
    }

    /// Loads policies that remember what they look at and which lines they run.
    ///
    /// # Errors
    /// Every problem of the set, with its place.
    pub fn watch(&self, sources: Sources) -> Result<PolicySet, Failure> {
        PolicySet::watched(sources, Budget::default(), &self.channels()).map_err(|error| refused(&error))
    }
}

/// The directory that is meant: the one that is named; or else this one, if it holds policies; or else the daemon's.
#[must_use]
pub fn directory(named: Option<PathBuf>) -> PathBuf {
    let is_policy = |entry: std::io::Result<std::fs::DirEntry>| {
        let extension = entry.ok().and_then(|entry| entry.path().extension().map(ToOwned::to_owned));
        extension.is_some_and(|extension| extension == "lua" || extension == "luau")
    };
    named.unwrap_or_else(|| {
        let is_here = std::fs::read_dir(".").is_ok_and(|mut entries| entries.any(is_policy));
        PathBuf::from(if is_here { "." } else { INSTALLED })
    })
}

/// Reads the sources of a directory.
///
/// # Errors
/// What cannot be read.
pub fn read(directory: &Path) -> Result<Sources, Failure> {
    Sources::read(directory).map_err(|error| refused(&error))
}

/// A refused set as a failure.
pub fn refused(error: &LoadError) -> Failure {
    Failure::new(Kind::Refused, error.to_string())
        .with_hint("readmit policy check shows each problem with its line")
}

fn level(word: &str) -> Result<Level, String> {
    word.parse::<Level>().map_err(|error| error.to_string())
}

fn channel(word: &str) -> Result<String, String> {
    match word.parse() {
        Ok(Factor::Channel(name)) => Ok(name),
        Ok(_) => Err("this factor is built in and needs no channel".to_owned()),
        Err(_) => Err("a channel's name has lower case letters, digits and _".to_owned()),
    }
}
