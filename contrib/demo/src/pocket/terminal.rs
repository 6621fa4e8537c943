//! The second terminal: carries lines between a person and the pocket.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Nothing listens there.
#[derive(Debug, Error)]
#[error("no demonstration that waits for a second terminal runs in {}: start one with `readmit demo --drive`, which prints its directory", directory.display())]
pub struct NoPocket {
    /// Where.
    pub directory: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Connects this terminal to the pocket of the demonstration in this directory, until either ends.
///
/// # Errors
/// If no demonstration listens there.
pub fn connect(directory: &Path) -> Result<(), NoPocket> {
    let socket = directory.join("pocket");
    let no_pocket = |source| NoPocket { directory: directory.to_owned(), source };
    let mut hears = UnixStream::connect(&socket).map_err(no_pocket)?;
    let mut says = hears.try_clone().map_err(no_pocket)?;
    // Whoever of the two comes to an end first ends the program: this thread dies with it.
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut says);
        let _ = says.shutdown(std::net::Shutdown::Write);
    });
    let mut out = io::stdout();
    // A closed connection is how a demonstration ends.
    let _ = io::copy(&mut hears, &mut out);
    let _ = out.write_all(b"The demonstration has ended.\n");
    Ok(())
}
