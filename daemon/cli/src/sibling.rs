//! The project's other programs: beside this one first, so that a build tree or an unpacked archive uses its
//! own, then in PATH.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

/// Finds the program.
///
/// # Errors
/// It is nowhere; the hint says how to build it.
pub fn find(program: &str) -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe().ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    look(program, beside.as_deref().and_then(Path::parent), path).ok_or_else(|| {
        Failure::new(Kind::Failed, format!("{program} is neither beside readmit nor in PATH"))
            .with_hint(format!("build it in the source tree: cargo build --release -p {program}"))
    })
}

fn look(program: &str, beside: Option<&Path>, path: OsString) -> Option<PathBuf> {
    let in_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let places = beside.into_iter().map(Path::to_owned).chain(in_path);
    places.map(|place| place.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_beside_comes_first() {
        let (beside, path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let in_path = || path.path().as_os_str().to_owned();
        assert_eq!(look("readmitd", Some(beside.path()), in_path()), None);
        std::fs::write(path.path().join("readmitd"), "").unwrap();
        assert_eq!(look("readmitd", Some(beside.path()), in_path()), Some(path.path().join("readmitd")));
        std::fs::write(beside.path().join("readmitd"), "").unwrap();
        assert_eq!(look("readmitd", Some(beside.path()), in_path()), Some(beside.path().join("readmitd")));
        assert_eq!(look("readmitd", None, OsString::new()), None);
    }
}
