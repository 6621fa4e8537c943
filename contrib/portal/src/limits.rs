//! Every number that bounds something in the portal.

use std::time::Duration;

/// How long the daemon may take to answer a call.
pub(crate) const BUS_CALL: Duration = Duration::from_secs(20);
/// Changes of cases that a slow page may lag behind before it is simply drawn anew.
pub(crate) const CHANGES: usize = 1024;
/// Bytes in the body of a request: no form here needs more.
pub(crate) const BODY_BYTES: usize = 16 * 1024;
/// Bytes in one field of a form.
pub(crate) const FIELD_BYTES: usize = 4 * 1024;
/// Fields in a form.
pub(crate) const FIELDS: usize = 32;
/// Bytes of a body that are read, though they are too many, so that a browser gets to hear it.
pub(crate) const THROWN_AWAY: usize = 2 * 1024 * 1024;
/// Clients whose requests are counted, each one by itself.
pub(crate) const CLIENTS: usize = 16 * 1024;
/// How long a request waits for its turn.
pub(crate) const QUEUE: Duration = Duration::from_secs(2);
/// How long a browser should wait after the daemon found that something was asked for too often.
pub(crate) const WAIT_AFTER_TOO_MANY: Duration = Duration::from_secs(60);
/// How long a browser should wait for a daemon that is away.
pub(crate) const WAIT_FOR_DAEMON: Duration = Duration::from_secs(5);
/// How often it is looked whether there is a daemon, for those who watch.
pub(crate) const HEALTH_LOOK: Duration = Duration::from_millis(500);
/// How long looking for the daemon may take.
pub(crate) const HEALTH_WAIT: Duration = Duration::from_secs(2);
/// How long a browser keeps what it holds for a case.
pub(crate) const COOKIE_AGE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Bytes in a browser's secret or the id of a case as a cookie carries it.
pub(crate) const COOKIE_BYTES: usize = 128;
/// Bytes in a path that a form names to go back to.
pub(crate) const PATH_BYTES: usize = 512;
/// Languages that a browser may say it accepts; further ones are not looked at.
pub(crate) const ACCEPTED_LANGUAGES: usize = 32;
/// Bytes in a file of texts.
pub(crate) const TEXTS_BYTES: usize = 512 * 1024;
/// Bytes in the organization's style sheet.
pub(crate) const BRAND_CSS_BYTES: usize = 64 * 1024;
/// Bytes in the organization's logo.
pub(crate) const LOGO_BYTES: usize = 256 * 1024;
/// How often a page that is shown live is looked at again, though nothing was heard.
pub(crate) const LIVE_LOOK: Duration = Duration::from_secs(15);
/// Bytes in a configuration file.
pub(crate) const CONFIG_BYTES: u64 = 1024 * 1024;
/// Bytes in any text of a configuration.
pub(crate) const CONFIG_TEXT: usize = 1024;
/// Entries in any list of a configuration.
pub(crate) const CONFIG_ENTRIES: usize = 64;
/// How often it is looked whether the certificate was renewed.
pub(crate) const CERTIFICATE_LOOK: Duration = Duration::from_secs(2);
/// Bytes in a file of certificates, or of a key.
pub(crate) const CERTIFICATE_BYTES: u64 = 256 * 1024;
/// How long nobody is let in after the system could not; doubled each time, up to a second.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// Sessions of the built-in sign-in page; past it the one that was not seen for longest ends.
pub(crate) const SESSIONS: usize = 10_000;
/// How long a right password waits for its code.
pub(crate) const CODE_OWED_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a session lasts at most (NIST SP 800-63B-4 §2.2.3).
pub(crate) const SIGNED_IN_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long a session lasts that is not used (same place).
pub(crate) const SIGNED_IN_IDLE: Duration = Duration::from_secs(3600);
/// Characters of a browser's name for itself that the daemon is told.
pub(crate) const USER_AGENT_CHARS: usize = 256;
/// Bytes of a link's token that are looked at: ours are shorter.
pub(crate) const TOKEN_BYTES: usize = 512;
/// The same while the daemon is away.
pub(crate) const AWAY_LOOK: Duration = Duration::from_secs(2);
/// How soon a page that was shown live connects again.
pub(crate) const LIVE_RETRY: Duration = Duration::from_secs(2);
/// How long one connection of a page that is shown live may last; then the page connects again.
pub(crate) const LIVE_LIFE: Duration = Duration::from_secs(30 * 60);
/// How often a page without script is loaded again while the telephone rings.
pub(crate) const CALL_LOOK: Duration = Duration::from_secs(3);
/// How often a page without script is loaded again while the daemon is away.
pub(crate) const AWAY_LOAD: Duration = Duration::from_secs(5);
/// Pages that are shown live at once.
pub(crate) const STREAMS: usize = 4096;
/// The same in one browser: a browser has six connections to a server, and needs some for everything else.
pub(crate) const STREAMS_PER_BROWSER: usize = 3;
/// The same in one network: an IPv4 address, or the first half of one of IPv6.
pub(crate) const STREAMS_PER_NETWORK: usize = 64;
/// Bytes in an answer of the support form, as the daemon takes it.
pub(crate) const ANSWER_BYTES: usize = 200;
/// Bytes in the message of the support form, as the daemon takes it.
pub(crate) const MESSAGE_BYTES: usize = 4000;
/// How long the address that support's console prints lets somebody in.
pub(crate) const CONSOLE_TOKEN: Duration = Duration::from_secs(60);
/// How long a browser stays in support's console before it has to be started anew.
pub(crate) const CONSOLE_SESSION: Duration = Duration::from_secs(12 * 3600);
/// Connections to support's console at once: it serves one person.
pub(crate) const CONSOLE_CONNECTIONS: usize = 64;
/// How long a request to support's console may take to say what it wants.
pub(crate) const CONSOLE_HEADERS: Duration = Duration::from_secs(10);
/// Cases on one page of the queue.
pub(crate) const CONSOLE_ROWS: u32 = 50;
/// Bytes in a handle, a filter or another word of an address.
pub(crate) const CONSOLE_WORD_BYTES: usize = 256;
/// Bytes in the reason that staff give, as the daemon takes it.
pub(crate) const REASON_BYTES: usize = 4000;
/// How often an open page of the console asks whether it still tells the truth.
pub(crate) const CONSOLE_LOOK: Duration = Duration::from_secs(4);
/// How long requests under way may take when support's console stops.
pub(crate) const CONSOLE_STOP: Duration = Duration::from_secs(5);
/// Bytes in what a client calls itself, as the daemon allows for an audience.
pub(crate) const CLIENT_ID_BYTES: usize = 200;
/// Characters in what people call a client.
pub(crate) const CLIENT_NAME_CHARS: usize = 100;
/// Addresses that one client may be sent back to.
pub(crate) const REDIRECTS: usize = 16;
/// Bytes in such an address.
pub(crate) const REDIRECT_BYTES: usize = 512;
/// Bytes in the `state` of a client.
pub(crate) const STATE_BYTES: usize = 256;
/// Bytes in its `nonce`, as the daemon allows.
pub(crate) const NONCE_BYTES: usize = 256;
/// Bytes in the name of an account that a client suggests.
pub(crate) const HINT_BYTES: usize = 256;
/// Bytes in the cookie that carries them to the end of the recovery.
pub(crate) const HAND_OVER_BYTES: usize = 3072;
/// How many things that are shown once are kept, for all browsers.
pub(crate) const KEEPSAKES: usize = 1024;
/// How long a new device's secret can be shown again.
pub(crate) const DEVICE_KEPT: Duration = Duration::from_secs(15 * 60);
/// How long new recovery codes can be shown again.
pub(crate) const CODES_KEPT: Duration = Duration::from_secs(60 * 60);
/// How long a token for another login can be shown again: as long as it is good.
pub(crate) const TOKEN_KEPT: Duration = Duration::from_secs(300);
/// Characters in a new password at least, as the daemon asks.
pub(crate) const PASSWORD_CHARS: usize = 15;
/// Bytes in a new password at most, as the daemon allows.
pub(crate) const PASSWORD_BYTES: usize = 1024;
/// Bytes in the name of a new device, as the daemon allows.
pub(crate) const LABEL_BYTES: usize = 200;
