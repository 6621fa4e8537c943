use std::collections::HashMap;

use tokio::io::{AsyncBufReadExt, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use zbus::Variant;

use super::*;
use crate::bus::EmbeddedBus;
use crate::phone::caller::{Caller, LONG as PATIENCE};
use crate::smtp::session::Envelope;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

struct Terminal {
    hears: Lines<BufReader<OwnedReadHalf>>,
    says: OwnedWriteHalf,
}

impl Terminal {
    async fn open(socket: &Path) -> Self {
        let (hears, says) = UnixStream::connect(socket).await.unwrap().into_split();
        Self { hears: BufReader::new(hears).lines(), says }
    }

    async fn say(&mut self, line: &str) {
        self.says.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Waits for a line with this in it.
    async fn hear(&mut self, wanted: &str) -> String {
        let search = async {
            while let Some(line) = self.hears.next_line().await.unwrap() {
                if line.contains(wanted) {
                    return line;
                }
            }
            panic!("the terminal was closed before {wanted:?}");
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("never heard {wanted:?}"))
    }
}

#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.readmit.Error")]
enum Fault {
    #[zbus(error)]
    Bus(zbus::Error),
    NotFound(String),
}

/// A daemon that knows one link.
struct Daemon;

#[zbus::interface(name = "org.readmit.Recovery1")]
impl Daemon {
    fn open_link(&self, token: &str, browser: &str) -> HashMap<&'static str, Variant<'static>> {
        assert_eq!((token, browser), ("abc", BROWSER));
        let pairs = [("result", "code"), ("code", "123456"), ("client", "a laptop")];
        pairs.map(|(key, value)| (key, Variant::from(value))).into()
    }

    fn veto(&self, token: &str) -> Result<(), Fault> {
        Err(Fault::NotFound(format!("{token} is no longer good")))
    }
}

/// A pocket on a bus with that daemon, its mailbox, its phone's address and a terminal.
struct Scene {
    mailbox: Mailbox,
    caller: Caller,
    terminal: Terminal,
    socket: std::path::PathBuf,
    _serving: JoinSet<()>,
    _daemon: zbus::Connection,
    _bus: EmbeddedBus,
    _directory: tempfile::TempDir,
}

async fn scene() -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let bus = EmbeddedBus::start(&directory.path().join("bus")).unwrap();
    let client = Client::connect(bus.address()).await.unwrap();
    let daemon = zbus::connection::Builder::address(bus.address()).name(crate::client::NAME);
    let daemon = daemon.serve_at("/org/readmit/Recovery1", Daemon).build().await.unwrap();
    let mailbox = Mailbox::default();
    let mut phone = Softphone::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let caller = Caller::new(&phone).await;
    let pocket = Pocket::new(client, mailbox.clone(), Authenticator::scan(SECRET).unwrap());
    let socket = directory.path().join("pocket");
    // Bound before it is served, so that a terminal need not wait for it.
    let listener = Pocket::listen(&socket).unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { pocket.serve(listener, &mut phone).await.unwrap() });
    let mut terminal = Terminal::open(&socket).await;
    terminal.hear("the mailbox is empty").await;
    Scene {
        mailbox,
        caller,
        terminal,
        socket,
        _serving: serving,
        _daemon: daemon,
        _bus: bus,
        _directory: directory,
    }
}

#[tokio::test]
async fn mails_are_told_listed_and_read() {
    let mut scene = scene().await;
    let Scene { mailbox, terminal, .. } = &mut scene;
    terminal.say("open").await;
    terminal.hear("no mail with a link").await;
    let content = b"From: Example <x@example.org>\r\nSubject: Is it\x1b[31m you?\r\n\r\nhttp://localhost:8080/link/abc\r\n";
    mailbox.put(Envelope {
        from: String::new(),
        to: vec!["a@example.org".into()],
        content: content.to_vec(),
    });
    let news = terminal.hear("✉ mail 1: Is it").await;
    assert!(!news.contains('\x1b'));
    terminal.say("mail").await;
    terminal.hear("   1  Is it").await;
    terminal.say("mail 1").await;
    terminal.hear("From: Example <x@example.org>").await;
    terminal.hear("http://localhost:8080/link/abc").await;
    terminal.say("mail 2").await;
    terminal.hear("no such mail").await;
    terminal.say("open 1").await;
    terminal.hear("this was asked from a laptop.").await;
    terminal.hear("type this code there: 123 456").await;
    let content = b"Subject: notice\r\n\r\nhttp://localhost:8080/veto/xyz\r\n".to_vec();
    mailbox.put(Envelope { from: String::new(), to: Vec::new(), content });
    terminal.say("open").await;
    terminal.hear("123 456").await;
    terminal.say("not me").await;
    terminal.hear("the page says: xyz is no longer good").await;
    terminal.say("dance").await;
    terminal.hear("no order").await;
}

#[tokio::test]
async fn the_app_shows_devices_and_takes_new_ones() {
    let mut scene = scene().await;
    let Scene { terminal, .. } = &mut scene;
    terminal.say("codes").await;
    terminal.hear("the old device: ").await;
    terminal.say("app nonsense!").await;
    terminal.hear("this is no secret").await;
    terminal.say(&format!("app {SECRET}")).await;
    terminal.hear("new device 1: ").await;
    terminal.say("quit").await;
    let rest = async { while terminal.hears.next_line().await.unwrap().is_some() {} };
    timeout(PATIENCE, rest).await.expect("quit closes the terminal");
}

#[tokio::test]
async fn a_call_is_declined_at_one_terminal_and_told_at_both() {
    let mut scene = scene().await;
    let Scene { caller, terminal, socket, .. } = &mut scene;
    let mut second = Terminal::open(socket).await;
    second.hear("the mailbox is empty").await;
    second.say("answer").await;
    second.hear("there is no call").await;
    caller.invite().await;
    caller.hear("SIP/2.0 180").await;
    terminal.hear("the phone rings: +18005550100 is calling").await;
    second.hear("the phone rings").await;
    second.say("decline").await;
    caller.hear("SIP/2.0 603").await;
    terminal.hear("the call is over").await;
}

#[tokio::test]
async fn a_call_is_answered_typed_into_and_hung_up() {
    let mut scene = scene().await;
    let Scene { caller, terminal, .. } = &mut scene;
    caller.invite().await;
    terminal.hear("the phone rings").await;
    terminal.say("answer").await;
    caller.hear("SIP/2.0 200").await;
    caller.say("ACK", 1, "").await;
    terminal.hear("you are on the line").await;
    terminal.say("12 34").await;
    terminal.hear("pressed 1234").await;
    terminal.say("hang up").await;
    caller.hear("BYE ").await;
    terminal.hear("the call is over").await;
}
