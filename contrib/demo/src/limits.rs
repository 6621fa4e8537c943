//! Every number that bounds something in this crate.

use std::time::Duration;

/// Octets in a command line with its CRLF. RFC 5321 §4.5.3.1.4 asks for 512; parameters may make it longer.
pub const SMTP_COMMAND_LINE: usize = 1024;
/// Octets in a line of a message with its CRLF (RFC 5321 §4.5.3.1.6), one dot of transparency not counted.
pub const SMTP_TEXT_LINE: usize = 1000;
/// Octets in a message; announced by the SIZE extension (RFC 1870).
pub const SMTP_MESSAGE: usize = 1024 * 1024;
/// Octets read and thrown away after a message has become too large, before the connection is closed.
pub const SMTP_DISCARD: usize = 4 * SMTP_MESSAGE;
/// Recipients of one message (RFC 5321 §4.5.3.1.8).
pub const SMTP_RECIPIENTS: usize = 100;
/// Octets in a path with its angle brackets (RFC 5321 §4.5.3.1.3).
pub const SMTP_PATH: usize = 256;
/// Wrong commands on one connection before it is closed.
pub const SMTP_FAULTS: u32 = 20;
/// Connections served at once.
pub const SMTP_CONNECTIONS: usize = 64;
/// How long the server waits for the next line (RFC 5321 §4.5.3.2.7).
pub const SMTP_IDLE: Duration = Duration::from_secs(300);
/// Mails that the mailbox holds; a further one is refused until the sink is started anew.
pub const MAILS: usize = 1000;

/// Calls that wait for somebody to look at the phone; a further one hears "busy".
pub const CALLS: usize = 8;
/// Octets in a session description.
pub const SDP: usize = 16 * 1024;
/// Octets in an RTP packet.
pub const RTP_PACKET: usize = 1500;
/// The time between two packets of sound.
pub const FRAME: Duration = Duration::from_millis(20);
/// Samples, and octets of G.711, in one [`FRAME`] at 8 kHz.
pub const FRAME_SAMPLES: u32 = 160;
/// Frames for which a key is held down: 100 ms.
pub const KEY_FRAMES: u32 = 5;
/// Frames of silence after each key: 100 ms.
pub const GAP_FRAMES: u32 = 5;
/// Times that the end of a key is sent (RFC 4733 §2.5.1.4).
pub const KEY_ENDS: u32 = 3;
/// Keys that wait to be sent.
pub const KEYS: usize = 64;
/// Packets of speech after which a voice has begun to say something new: 300 ms.
pub const SPEECH_PACKETS: u64 = 15;
/// How long the phone waits for the caller's acknowledgement after it has answered.
pub const ANSWER: Duration = Duration::from_secs(10);
/// How long the phone waits for the response when it hangs up.
pub const HANG_UP: Duration = Duration::from_secs(2);

/// Octets in the path of a unix socket (`sun_path` less its final zero).
pub const SOCKET_PATH: usize = 107;
/// Seconds for which a phone rings, if somebody may be there.
pub const RING_SECONDS: u64 = 30;
/// Seconds for which a phone rings for somebody who watches nobody answer it.
pub const SHORT_RING_SECONDS: u64 = 6;
/// Lines of a mail that a story shows.
pub const MAIL_LINES: usize = 24;

/// How long the bus may take to come up.
pub const BUS_START: Duration = Duration::from_secs(10);
/// How long the daemon may take to take its name on the bus.
pub const DAEMON_START: Duration = Duration::from_secs(30);
/// How long a plugin may take to run.
pub const PLUGIN_START: Duration = Duration::from_secs(30);
/// How long the daemon may take to stop before it is killed.
pub const DAEMON_STOP: Duration = Duration::from_secs(5);
/// How long one call on the bus may take.
pub const BUS_CALL: Duration = Duration::from_secs(30);
/// Lines of the daemon's log that are shown when it ends too early.
pub const LOG_TAIL: usize = 20;

/// How long a mail may take to arrive.
pub const MAIL: Duration = Duration::from_secs(60);
/// How long the phone may take to ring.
pub const RING: Duration = Duration::from_secs(60);
/// How long one call may take from the first ring to its end.
pub const CALL: Duration = Duration::from_secs(120);
/// How long the case may take to reach the next state.
pub const STATE: Duration = Duration::from_secs(60);
/// The time between two looks at the case, like a page that refreshes itself.
pub const LOOK: Duration = Duration::from_millis(200);
/// Calls that the watched person takes part in before they give up.
pub const CALLS_PER_JOURNEY: u32 = 4;

/// Octets in a line that a person types into the second terminal.
pub const POCKET_LINE: usize = 2048;
/// Second terminals open at once.
pub const POCKETS: usize = 4;

/// How long the portal may take until it serves.
pub const PORTAL_START: Duration = Duration::from_secs(30);
/// How long the daemon stays dead when the person kills it: long enough to see what the pages say.
pub const OUTAGE: Duration = Duration::from_secs(4);
/// Seconds for which a phone rings that a person answers on a page.
pub const WEB_RING_SECONDS: u64 = 20;
/// Ports that are tried until one is free for both kinds of loopback address.
pub const PORT_TRIES: u32 = 16;
/// Octets in what the demonstration's own page sends.
pub const WEB_BODY: usize = 16 * 1024;
/// Octets in a form that the phone's browser passes on.
pub const BROWSER_BODY: usize = 64 * 1024;
/// Cookies that the phone's browser keeps.
pub const BROWSER_COOKIES: usize = 32;
/// Octets in one of them.
pub const BROWSER_COOKIE: usize = 1024;
/// How long the phone's browser waits for the portal's answer to begin.
pub const BROWSER_WAIT: Duration = Duration::from_secs(30);
/// Pages that are kept up to date at once.
pub const PAGES: usize = 16;
/// Mails that the page lists; older ones are only counted.
pub const LISTED_MAILS: usize = 50;
/// Things that have happened that the page still tells.
pub const NEWS: usize = 12;
/// Devices in the authenticator app.
pub const DEVICES: usize = 8;
/// Octets in a secret that is pasted into the app.
pub const PASTED: usize = 2048;
/// Keys in one press of the page's keypad.
pub const PRESSED: usize = 16;
/// Orders of the page that wait to be carried out.
pub const ORDERS: usize = 4;
/// Frames of sound that somebody who listens may lag behind.
pub const SOUNDS: usize = 256;
/// Samples that are sent to a page at once: 100 ms.
pub const SOUND_SAMPLES: usize = 800;
