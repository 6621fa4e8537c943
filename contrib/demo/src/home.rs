//! The directory of one demonstration: its configuration, its policy, its database, its sockets.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use crate::binaries::Binaries;

/// The policy that the project ships.
const SHIPPED_POLICY: &str = include_str!("../../../policies/default.lua");

/// The line of the shipped policy that a demonstration cannot wait for, and what it says here.
const WAIT: (&str, &str) = ("local wait_before_retry = minutes(1)", "local wait_before_retry = seconds(3)");

/// The configuration, with `{…}` where a demonstration differs from the next one.
const CONFIGURATION: &str = include_str!("readmit.toml");
/// The portal's configuration, written in the same way.
const PORTAL: &str = include_str!("portal.toml");

/// Where links in messages lead when nobody serves a portal.
pub const NO_PORTAL: &str = "http://localhost:8080";

/// Why there is no directory.
#[derive(Debug, Error)]
pub enum HomeError {
    /// The directory has something in it.
    #[error("{} is not empty: choose a directory that is empty or does not exist", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A path cannot be written into the configuration.
    #[error("the path {path:?} is no UTF-8 text")]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// Something could not be made or written.
    #[error("{} could not be written", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A directory that goes with the demonstration, or stays.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    /// Removes the directory when dropped.
    _temporary: Option<TempDir>,
}

/// What the configuration needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Where the programs are.
    pub binaries: &'a Binaries,
    /// The address of the bus.
    pub bus: &'a str,
    /// Where mail goes.
    pub mail: SocketAddr,
    /// Where calls go.
    pub phone: SocketAddr,
    /// How long a phone rings.
    pub ring_seconds: u64,
    /// The portal, if there is one.
    pub portal: Option<PortalPlace<'a>>,
}

/// Where the portal is.
#[derive(Debug, Clone, Copy)]
pub struct PortalPlace<'a> {
    /// What it listens on.
    pub listen: SocketAddr,
    /// Where people reach it: what links in messages begin with.
    pub url: &'a str,
    /// The origin of the page that shows it in a frame.
    pub framed_by: &'a str,
}

impl Home {
    /// Makes a directory that nobody else may enter: this one, or a temporary one.
    ///
    /// # Errors
    /// If it cannot be made, or has something in it.
    pub fn make(keep: Option<&Path>) -> Result<Self, HomeError> {
        let Some(path) = keep else {
            let temporary = tempfile::Builder::new()
                .prefix("readmit-demo-")
                .permissions(Permissions::from_mode(0o700))
                .tempdir()
                .map_err(|source| HomeError::Write { path: std::env::temp_dir(), source })?;
            return Ok(Self { path: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        let failed = |source| HomeError::Write { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        if fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(HomeError::NotEmpty { path });
        }
        Ok(Self { path, _temporary: None })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The socket of the bus.
    #[must_use]
    pub fn bus(&self) -> PathBuf {
        self.path.join("bus")
    }

    /// The socket of the second terminal.
    #[must_use]
    pub fn pocket(&self) -> PathBuf {
        self.path.join("pocket")
    }

    /// The configuration.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.path.join("readmit.toml")
    }

    /// The portal's configuration.
    #[must_use]
    pub fn portal_configuration(&self) -> PathBuf {
        self.path.join("portal.toml")
    }

    /// Writes the configurations and the policy.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn furnish(&self, surroundings: Surroundings<'_>) -> Result<(), HomeError> {
        let policies = self.path.join("policies");
        fs::create_dir(&policies).map_err(|source| HomeError::Write { path: policies.clone(), source })?;
        write(&policies.join("default.lua"), &SHIPPED_POLICY.replace(WAIT.0, WAIT.1))?;
        if let Some(place) = surroundings.portal {
            write(&self.portal_configuration(), &render_portal(place, surroundings.bus)?)?;
        }
        write(&self.configuration(), &self.render(surroundings)?)
    }

    fn render(&self, surroundings: Surroundings<'_>) -> Result<String, HomeError> {
        let uid = rustix::process::getuid().as_raw().to_string();
        let (mail, phone) = (surroundings.mail, surroundings.phone);
        let values = [
            ("{bus}", toml_text(Path::new(surroundings.bus))?),
            ("{admin}", toml_text(Path::new(&uid))?),
            ("{store}", toml_text(&self.path.join("readmit.db"))?),
            ("{policies}", toml_text(&self.path.join("policies"))?),
            ("{email}", toml_text(&surroundings.binaries.email)?),
            ("{voice}", toml_text(&surroundings.binaries.voice)?),
            ("{mail_host}", toml_text(Path::new(&mail.ip().to_string()))?),
            ("{mail_port}", mail.port().to_string()),
            ("{trunk}", toml_text(Path::new(&phone.to_string()))?),
            ("{local}", toml_text(Path::new(&phone.ip().to_string()))?),
            ("{ring_seconds}", surroundings.ring_seconds.to_string()),
            ("{portal}", toml_string(surroundings.portal.map_or(NO_PORTAL, |portal| portal.url))),
        ];
        Ok(fill(CONFIGURATION, &values))
    }
}

fn render_portal(place: PortalPlace<'_>, bus: &str) -> Result<String, HomeError> {
    let values = [
        ("{listen}", toml_string(&place.listen.to_string())),
        ("{url}", toml_string(place.url)),
        ("{framed_by}", toml_string(place.framed_by)),
        ("{bus}", toml_text(Path::new(bus))?),
    ];
    Ok(fill(PORTAL, &values))
}

fn fill(template: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

fn write(path: &Path, text: &str) -> Result<(), HomeError> {
    fs::write(path, text).map_err(|source| HomeError::Write { path: path.to_owned(), source })
}

/// The path as a TOML string, quoted and escaped.
fn toml_text(path: &Path) -> Result<String, HomeError> {
    let text = path.to_str().ok_or_else(|| HomeError::NotText { path: path.to_owned() })?;
    Ok(toml_string(text))
}

fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(directory: &Path) -> Binaries {
        Binaries {
            demo: directory.join("readmit-demo"),
            cli: directory.join("readmit"),
            daemon: directory.join("readmitd"),
            email: directory.join("readmit-email"),
            voice: directory.join("readmit-voice"),
            portal: directory.join("readmit-portal"),
        }
    }

    #[test]
    fn the_configuration_is_toml_with_every_place_filled() {
        let home = Home::make(None).unwrap();
        let binaries = binaries(Path::new("/opt/a \"quoted\" place"));
        home.furnish(Surroundings {
            binaries: &binaries,
            bus: "unix:path=/tmp/x/bus",
            mail: ([127, 0, 0, 1], 2525).into(),
            phone: ([127, 0, 0, 1], 5060).into(),
            ring_seconds: 7,
            portal: Some(PortalPlace {
                listen: ([127, 0, 0, 1], 8081).into(),
                url: "http://localhost:8081",
                framed_by: "http://localhost:8082",
            }),
        })
        .unwrap();
        let text = fs::read_to_string(home.configuration()).unwrap();
        let read: toml::Table = text.parse().unwrap();
        assert!(!text.contains('{'), "{text}");
        assert_eq!(read["bus"]["address"].as_str(), Some("unix:path=/tmp/x/bus"));
        assert_eq!(read["plugins"]["email"]["settings"]["port"].as_integer(), Some(2525));
        assert_eq!(read["plugins"]["email"]["settings"]["link_base"].as_str(), Some("http://localhost:8081"));
        assert_eq!(read["plugins"]["voice"]["settings"]["trunk"].as_str(), Some("127.0.0.1:5060"));
        assert_eq!(read["plugins"]["voice"]["command"][0].as_str(), binaries.voice.to_str());
    }

    /// The mails' links lead to where the portal is.
    #[test]
    fn the_portal_is_where_the_links_lead() {
        let place = PortalPlace {
            listen: ([127, 0, 0, 1], 8081).into(),
            url: "http://localhost:8081",
            framed_by: "http://localhost:8082",
        };
        let read: toml::Table = render_portal(place, "unix:path=/tmp/x/bus").unwrap().parse().unwrap();
        assert_eq!(read["listen"].as_str(), Some("127.0.0.1:8081"));
        assert_eq!(read["public_url"].as_str(), Some(place.url));
        assert_eq!(read["bus"].as_str(), Some("unix:path=/tmp/x/bus"));
        assert_eq!(read["framed_by"][0].as_str(), Some(place.framed_by));
    }

    #[test]
    fn the_policy_is_the_shipped_one_with_a_short_wait() {
        assert_eq!(SHIPPED_POLICY.matches(WAIT.0).count(), 1, "the shipped policy's wait has moved");
    }

    #[test]
    fn a_kept_directory_is_closed_to_others_and_must_be_empty() {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("a/b");
        let home = Home::make(Some(&path)).unwrap();
        assert_eq!(fs::metadata(home.path()).unwrap().permissions().mode() & 0o777, 0o700);
        drop(home);
        assert!(path.exists(), "it stays");
        fs::write(path.join("file"), "").unwrap();
        assert!(matches!(Home::make(Some(&path)), Err(HomeError::NotEmpty { .. })));
    }

    #[test]
    fn a_temporary_directory_goes() {
        let home = Home::make(None).unwrap();
        let path = home.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        drop(home);
        assert!(!path.exists());
    }
}
