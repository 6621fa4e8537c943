//! The project's other programs: beside this one first, so that a build tree or an unpacked archive uses its
//! own, then where packages put programs that nobody types, then in PATH.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

/// From `bin`, where packages put programs that are started by programs.
const LIBEXEC: &str = "../libexec/readmit";

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
    let libexec = beside.map(|beside| beside.join(LIBEXEC));
    let places = beside.into_iter().map(Path::to_owned).chain(libexec).chain(in_path);
    places.map(|place| place.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_beside_comes_first_then_that_of_the_package() {
        let (usr, path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let beside = usr.path().join("bin");
        let in_path = || path.path().as_os_str().to_owned();
        let found = || look("readmitd", Some(&beside), in_path());
        let libexec = beside.join(LIBEXEC);
        std::fs::create_dir_all(&beside).unwrap();
        assert_eq!(found(), None);
        for place in [path.path(), &libexec, &beside] {
            std::fs::create_dir_all(place).unwrap();
            std::fs::write(place.join("readmitd"), "").unwrap();
            assert_eq!(found(), Some(place.join("readmitd")));
        }
        assert_eq!(look("readmitd", None, OsString::new()), None);
    }
}
