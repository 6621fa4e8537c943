//! Who may come in: the one user whom the console serves, as the system knows them.
//!
//! At the desk other users of the machine reach the loopback interface too, so the browser has to bring a token that
//! only this user could read, and gets a session for it. On a unix socket the kernel says who connects (unix(7),
//! `SO_PEERCRED`): the user, root, or the reverse proxy that has checked who asks. The `Host` of every request is held
//! against the names that the console has, so that no page of another site gets in by giving its own name this address.

use std::net::SocketAddr;
use std::time::Instant;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::people::{Person, UnknownUser};
use crate::limits::{CONSOLE_SESSION, CONSOLE_TOKEN};
use crate::secret::Secret;

/// Who asks, as the connection tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Somebody on this machine.
    Loopback,
    /// This user, at the other end of a unix socket.
    User(u32),
}

/// The one way in.
pub(super) struct Door {
    way: Way,
}

enum Way {
    Desk(Desk),
    Peers { uids: Vec<u32>, hosts: Vec<String>, url: String },
}

/// A browser on the same machine.
struct Desk {
    /// The address and port, as requests name them.
    host: String,
    keys: Mutex<Keys>,
    came: CancellationToken,
}

struct Keys {
    token: Option<(Secret, Instant)>,
    session: Option<(Secret, Instant)>,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// Another user of the system.
    OtherUser,
    /// The request names another host.
    OtherHost,
    /// The browser has no session, or an old one.
    NoSession,
}

impl Door {
    /// A door for a browser on this machine.
    ///
    /// # Errors
    /// There is no randomness.
    pub(super) fn at_desk(address: SocketAddr) -> Result<Self, getrandom::Error> {
        let host = address.to_string();
        let token = Some((Secret::random()?, Instant::now()));
        let keys = Mutex::new(Keys { token, session: None });
        Ok(Self { way: Way::Desk(Desk { host, keys, came: CancellationToken::new() }) })
    }

    /// A door for those at the other end of a unix socket: the user, root, and the proxy.
    ///
    /// # Errors
    /// The system knows no such user as the proxy.
    pub(super) fn for_peers(
        officer: &Person,
        proxy: Option<&str>,
        url: Option<&str>,
    ) -> Result<Self, UnknownUser> {
        let mut uids = vec![0, officer.uid];
        uids.extend(proxy.map(Person::named).transpose()?.map(|person| person.uid));
        let mut hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
        hosts.extend(url.map(|url| without_port(host_of(url)).to_owned()));
        let url = url.unwrap_or("http://localhost").to_owned();
        Ok(Self { way: Way::Peers { uids, hosts, url } })
    }

    /// Where browsers find the console.
    pub(super) fn address(&self) -> String {
        match &self.way {
            Way::Desk(desk) => format!("http://{}", desk.host),
            Way::Peers { url, .. } => url.clone(),
        }
    }

    /// The address that lets one browser in, once.
    pub(super) fn invitation(&self) -> Option<String> {
        let Way::Desk(desk) = &self.way else { return None };
        let keys = desk.keys.lock();
        keys.token.as_ref().map(|(token, _)| format!("http://{}/enter/{}", desk.host, token.expose()))
    }

    /// Waits until the browser came in, or its token is dead; a door that needs no token waits for nobody.
    pub(super) fn entered(&self) -> impl Future<Output = bool> + use<> {
        let came = match &self.way {
            Way::Desk(desk) => Some(desk.came.clone()),
            Way::Peers { .. } => None,
        };
        async move {
            let Some(came) = came else { return true };
            tokio::time::timeout(CONSOLE_TOKEN, came.cancelled()).await.is_ok()
        }
    }

    /// Whether a request may come to this door at all.
    pub(super) fn check(&self, peer: Peer, host: Option<&str>) -> Result<(), Stranger> {
        let (known, named) = match (&self.way, peer) {
            (Way::Desk(desk), Peer::Loopback) => (true, host == Some(desk.host.as_str())),
            (Way::Peers { uids, hosts, .. }, Peer::User(uid)) => {
                let ours =
                    |host: &str| hosts.iter().any(|known| known.eq_ignore_ascii_case(without_port(host)));
                (uids.contains(&uid), host.is_some_and(ours))
            }
            (Way::Desk(_), Peer::User(_)) | (Way::Peers { .. }, Peer::Loopback) => (false, false),
        };
        if !known {
            return Err(Stranger::OtherUser);
        }
        if named { Ok(()) } else { Err(Stranger::OtherHost) }
    }

    /// Whether the browser with this session is in.
    pub(super) fn admits(&self, session: Option<&Secret>, now: Instant) -> Result<(), Stranger> {
        let Way::Desk(desk) = &self.way else { return Ok(()) };
        let keys = desk.keys.lock();
        let is_ours = |(known, since): &(Secret, Instant)| {
            now.saturating_duration_since(*since) < CONSOLE_SESSION && session == Some(known)
        };
        if keys.session.as_ref().is_some_and(is_ours) { Ok(()) } else { Err(Stranger::NoSession) }
    }

    /// Takes the token, once, for a session.
    pub(super) fn enter(&self, token: &Secret, now: Instant) -> Option<Secret> {
        let Way::Desk(desk) = &self.way else { return None };
        let mut keys = desk.keys.lock();
        let (known, since) = keys.token.as_ref()?;
        if known != token {
            return None;
        }
        let alive = now.saturating_duration_since(*since) < CONSOLE_TOKEN;
        keys.token = None;
        let session = Secret::random().ok().filter(|_| alive)?;
        keys.session = Some((session.clone(), now));
        desk.came.cancel();
        Some(session)
    }
}

fn host_of(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    behind.split('/').next().unwrap_or_default()
}

/// A host as requests name it, without its port (RFC 9110 §7.2).
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ADDRESS: &str = "127.9.8.7:4000";

    fn token_of(door: &Door) -> Secret {
        Secret::new(door.invitation().unwrap().rsplit('/').next().unwrap())
    }

    #[test]
    fn the_token_is_good_once_and_the_session_for_a_time() {
        let door = Door::at_desk(ADDRESS.parse().unwrap()).unwrap();
        let (token, now) = (token_of(&door), Instant::now());
        assert_eq!(door.enter(&Secret::new("guessed"), now), None);
        assert_eq!(door.admits(None, now), Err(Stranger::NoSession));
        let session = door.enter(&token, now).unwrap();
        assert_eq!(door.admits(Some(&session), now), Ok(()));
        assert_eq!(door.enter(&token, now), None, "a second time");
        assert_eq!(door.invitation(), None);
        assert_eq!(door.admits(Some(&token), now), Err(Stranger::NoSession));
        let end = now + CONSOLE_SESSION;
        assert_eq!(door.admits(Some(&session), end - Duration::from_secs(1)), Ok(()));
        assert_eq!(door.admits(Some(&session), end), Err(Stranger::NoSession));
    }

    #[test]
    fn an_old_token_lets_nobody_in_and_is_gone() {
        let door = Door::at_desk(ADDRESS.parse().unwrap()).unwrap();
        let token = token_of(&door);
        let late = Instant::now() + CONSOLE_TOKEN + Duration::from_secs(1);
        assert_eq!(door.enter(&token, late), None);
        assert_eq!(door.enter(&token, Instant::now()), None);
    }

    #[tokio::test]
    async fn whoever_comes_in_is_waited_for() {
        let door = Door::at_desk(ADDRESS.parse().unwrap()).unwrap();
        let entered = door.entered();
        door.enter(&token_of(&door), Instant::now()).unwrap();
        assert!(entered.await);
    }

    #[test]
    fn at_the_desk_only_the_address_that_was_printed_leads_in() {
        let door = Door::at_desk(ADDRESS.parse().unwrap()).unwrap();
        assert_eq!(door.address(), format!("http://{ADDRESS}"));
        assert_eq!(door.check(Peer::Loopback, Some(ADDRESS)), Ok(()));
        for other in [
            None,
            Some("127.0.0.1:4000"),
            Some("127.9.8.7"),
            Some("localhost:4000"),
            Some("evil.example:4000"),
        ] {
            assert_eq!(door.check(Peer::Loopback, other), Err(Stranger::OtherHost), "{other:?}");
        }
        assert_eq!(door.check(Peer::User(0), Some(ADDRESS)), Err(Stranger::OtherUser));
    }

    #[test]
    fn a_socket_is_for_its_user_root_and_the_proxy() {
        let officer = Person { uid: 1000, name: None };
        let door = Door::for_peers(&officer, Some("33"), Some("https://support.example.org:444/")).unwrap();
        for uid in [0, 33, 1000] {
            assert_eq!(door.check(Peer::User(uid), Some("localhost:8443")), Ok(()), "{uid}");
        }
        assert_eq!(door.check(Peer::User(1001), Some("localhost")), Err(Stranger::OtherUser));
        assert_eq!(door.check(Peer::Loopback, Some("localhost")), Err(Stranger::OtherUser));
        for host in [
            "localhost",
            "127.0.0.1:1",
            "[::1]:8443",
            "[::1]",
            "SUPPORT.example.org",
            "support.example.org:444",
        ] {
            assert_eq!(door.check(Peer::User(1000), Some(host)), Ok(()), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "", "support.example.org.evil:80", "::1"] {
            assert_eq!(door.check(Peer::User(1000), Some(host)), Err(Stranger::OtherHost), "{host}");
        }
        assert_eq!(door.admits(None, Instant::now()), Ok(()));
        assert_eq!(door.invitation(), None);
    }
}
