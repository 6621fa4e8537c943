//! The source files of a set of policies: read from a directory or from a store, bounded, and named by what is in
//! them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use readmit_recovery::id::PolicyVersion;
use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use crate::limits::{
    MAX_DIRECTORY_DEPTH, MAX_ENTRIES, MAX_FILE_BYTES, MAX_FILES, MAX_PATH_BYTES, MAX_TOTAL_BYTES,
};
use crate::load_error::{Fault, LoadError, Problem};

/// The policy that Readmit ships.
const SHIPPED: &str = include_str!("../../../policies/default.lua");

/// All source files of a set, by their path relative to the policies directory, with `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    files: BTreeMap<String, String>,
    version: PolicyVersion,
}

impl Sources {
    /// Reads every `.lua` and `.luau` file under `directory`. Hidden files and whatever else editors leave behind
    /// are passed over.
    ///
    /// # Errors
    /// [`LoadError`] if anything there cannot be read, is no text, is a link that leads out of `directory`, or
    /// exceeds a limit.
    pub fn read(directory: &Path) -> Result<Self, LoadError> {
        let root = directory
            .canonicalize()
            .map_err(|error| Problem::in_file(directory.display().to_string(), Fault::Unreadable(error)))?;
        let mut reading =
            Reading { root, files: BTreeMap::new(), problems: Vec::new(), entries: 0, bytes: 0 };
        reading.directory(Path::new(""), 1);
        LoadError::unless_empty(reading.problems)?;
        Self::from_files(reading.files)
    }

    /// Takes files as a store gives them back.
    ///
    /// # Errors
    /// [`LoadError`] if a name is no plain relative path, or a limit is exceeded.
    pub fn from_files(files: BTreeMap<String, String>) -> Result<Self, LoadError> {
        let mut problems = Vec::new();
        let mut bytes = 0;
        for (name, text) in &files {
            bytes += text.len();
            if !is_plain(name) {
                problems.push(Problem::in_file(name, Fault::BadName));
            } else if text.len() > MAX_FILE_BYTES {
                problems.push(Problem::in_file(name, Fault::TooLarge));
            } else if bytes > MAX_TOTAL_BYTES {
                problems.push(Problem::in_file(name, Fault::TotalTooLarge));
                break;
            }
        }
        if files.len() > MAX_FILES {
            problems.push(Problem::in_file(".", Fault::TooManyFiles));
        }
        LoadError::unless_empty(problems)?;
        let version = version_of(&files).ok_or_else(|| Problem::in_file(".", Fault::BadName))?;
        Ok(Self { files, version })
    }

    /// The policy that Readmit ships, for a daemon without policies of its own.
    ///
    /// # Errors
    /// None that a released version could give: a test loads it.
    pub fn shipped() -> Result<Self, LoadError> {
        Self::from_files(BTreeMap::from([("default.lua".to_owned(), SHIPPED.to_owned())]))
    }

    /// The SHA-256 over all names and contents, each led by its length, in the order of the names.
    #[must_use]
    pub const fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// Every file's path and text, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The files, for storing.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// Whether there is no file at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// Whether a file holds tests of policies and no policy (its stem ends in `_test`).
pub(crate) fn is_test(name: &str) -> bool {
    stem(name).ends_with("_test")
}

/// A file's path without its extension.
pub(crate) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn is_plain(name: &str) -> bool {
    let parts_fit = name.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.contains(['\\', ':'])
            && !part.contains(char::is_control)
    });
    parts_fit
        && name.len() <= MAX_PATH_BYTES
        && name.split('/').count() <= MAX_DIRECTORY_DEPTH
        && is_source(Path::new(name))
}

/// Whether a file counts: Lua, but not the type declarations that editors read (`types.d.luau`).
fn is_source(path: &Path) -> bool {
    let is_lua =
        |path: &Path| path.extension().is_some_and(|extension| extension == "lua" || extension == "luau");
    let declares =
        path.file_stem().is_some_and(|stem| Path::new(stem).extension().is_some_and(|part| part == "d"));
    is_lua(path) && !declares
}

fn version_of(files: &BTreeMap<String, String>) -> Option<PolicyVersion> {
    let mut digest = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    PolicyVersion::try_from(hex::encode(digest.finalize())).ok()
}

/// A directory being read.
struct Reading {
    root: PathBuf,
    files: BTreeMap<String, String>,
    problems: Vec<Problem>,
    entries: usize,
    bytes: usize,
}

impl Reading {
    fn directory(&mut self, relative: &Path, depth: usize) {
        if depth > MAX_DIRECTORY_DEPTH {
            return self.refuse(relative, Fault::TooDeep);
        }
        let entries = match fs::read_dir(self.root.join(relative)) {
            Ok(entries) => entries,
            Err(error) => return self.refuse(relative, Fault::Unreadable(error)),
        };
        for entry in entries {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return self.refuse(relative, Fault::TooManyEntries);
            }
            match entry {
                Ok(entry) => self.entry(&relative.join(entry.file_name()), depth),
                Err(error) => return self.refuse(relative, Fault::Unreadable(error)),
            }
        }
    }

    fn entry(&mut self, relative: &Path, depth: usize) {
        let Some(name) = relative.file_name().and_then(|name| name.to_str()) else {
            // A name that is not UTF-8 is refused only where it would count.
            return if is_source(relative) {
                self.refuse(relative, Fault::BadName)
            };
        };
        if name.starts_with(['.', '#']) || name.ends_with('~') {
            return;
        }
        let path = self.root.join(relative);
        let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        if is_link && !is_source(relative) {
            // Links to directories could make a loop; links to anything else are none of our business.
            return;
        }
        if is_link {
            match path.canonicalize() {
                Ok(target) if target.starts_with(&self.root) => {}
                Ok(_) => return self.refuse(relative, Fault::LeavesDirectory),
                Err(error) => return self.refuse(relative, Fault::Unreadable(error)),
            }
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && !is_link => self.directory(relative, depth + 1),
            Ok(_) if !is_source(relative) => {}
            Ok(metadata) if metadata.is_file() => self.file(relative, &path),
            Ok(_) => self.refuse(relative, Fault::NotAFile),
            // Gone since it was listed, as editors do: whoever watches the directory asks again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.refuse(relative, Fault::Unreadable(error)),
        }
    }

    fn file(&mut self, relative: &Path, path: &Path) {
        if self.files.len() >= MAX_FILES {
            return self.refuse(Path::new("."), Fault::TooManyFiles);
        }
        match read_text(path) {
            Ok(text) => {
                self.bytes += text.len();
                if self.bytes > MAX_TOTAL_BYTES {
                    return self.refuse(relative, Fault::TotalTooLarge);
                }
                self.files.insert(portable(relative), text);
            }
            Err(fault) => self.refuse(relative, fault),
        }
    }

    fn refuse(&mut self, relative: &Path, fault: Fault) {
        let name = portable(relative);
        let name = if name.is_empty() { ".".to_owned() } else { name };
        self.problems.push(Problem::in_file(name, fault));
    }
}

/// A relative path with `/` between its parts.
fn portable(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        Component::CurDir | Component::ParentDir | Component::RootDir | Component::Prefix(_) => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn read_text(path: &Path) -> Result<String, Fault> {
    // A pipe put there since the check must not make the daemon wait for its writer.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(Fault::Unreadable)?;
    if !file.metadata().map_err(Fault::Unreadable)?.is_file() {
        return Err(Fault::NotAFile);
    }
    bounded(file)
}

fn bounded(file: File) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(Fault::Unreadable)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Fault::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Fault::NotText)
}
