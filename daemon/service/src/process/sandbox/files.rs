//! Which files the process may reach: Landlock.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};

use super::SandboxError;

/// What is known of here; the kernel may know less, and does what it can.
const KNOWN: ABI = ABI::V6;

pub(super) fn restrict(read: &[PathBuf], write: &[PathBuf]) -> Result<(), SandboxError> {
    let held = enforce(read, write).map_err(SandboxError::Files)?;
    match held {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err(SandboxError::NoLandlock),
    }
}

fn enforce(read: &[PathBuf], write: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let mut ruleset =
        Ruleset::default().handle_access(AccessFs::from_all(KNOWN))?.scope(Scope::Signal)?.create()?;
    for path in read {
        ruleset = allow(ruleset, path, reading())?;
    }
    for path in write {
        ruleset = allow(ruleset, path, writing())?;
    }
    Ok(ruleset.restrict_self()?.ruleset)
}

/// What is not there needs no right.
fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else { return Ok(ruleset) };
    let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(KNOWN) };
    ruleset.add_rule(PathBeneath::new(opened, rights))
}

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// Files and directories of its own; no devices, pipes, sockets or programs.
fn writing() -> BitFlags<AccessFs> {
    reading()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}
