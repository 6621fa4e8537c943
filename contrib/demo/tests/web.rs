//! The page, asked as a browser asks: who is let in, what it shows, what its buttons do.

#![cfg(test)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use readmit_demo::binaries::Binaries;
use readmit_demo::client::{Client, Options, StepView};
use zbus::Variant;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A demonstration with its page.
struct Demo {
    child: Child,
    directory: PathBuf,
    /// `localhost:PORT`.
    host: String,
    /// `/KEY/`.
    path: String,
    _around: tempfile::TempDir,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let around = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        let deps = own.parent().unwrap();
        let programs = if deps.ends_with("deps") { deps.parent().unwrap() } else { deps };
        let program = match Binaries::find(programs) {
            Ok(binaries) => binaries.demo,
            Err(missing) => panic!("{missing}"),
        };
        let mut child = Command::new(program)
            .args(["--web", "--no-open"])
            .args(arguments)
            .env("TMPDIR", around.path())
            .env_remove("READMIT_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let place = lines.find(|line| line.contains("everything is in")).unwrap();
        let directory = place.split("everything is in ").nth(1).unwrap().split(';').next().unwrap().into();
        let url = lines.find(|line| line.trim().starts_with("http://")).unwrap();
        let (host, path) = url.trim().strip_prefix("http://").unwrap().split_once('/').unwrap();
        let (host, path) = (host.to_owned(), format!("/{path}"));
        // The story is read on, so that nothing waits for it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, directory, host, path, _around: around }
    }

    fn get(&self, path: &str) -> Answer {
        Answer::of(&self.host, &format!("GET {}{path} HTTP/1.1\r\n", self.path), &self.host, "")
    }

    fn act(&self, deed: &str, text: &str) -> Answer {
        let head = format!("POST {}do/{deed} HTTP/1.1\r\nContent-Type: application/json\r\n", self.path);
        Answer::of(&self.host, &head, &self.host, &serde_json::json!({ "text": text }).to_string())
    }

    fn events(&self) -> Events {
        let mut stream = connect(&self.host);
        write!(stream, "GET {}events HTTP/1.1\r\nHost: {}\r\n\r\n", self.path, self.host).unwrap();
        Events(BufReader::new(stream).lines())
    }

    fn room(&self) -> serde_json::Value {
        self.events().until(|_| true)
    }

    async fn client(&self) -> Client {
        Client::connect(&format!("unix:path={}", self.directory.join("bus").display())).await.unwrap()
    }

    /// Ends it as Ctrl-C does.
    fn stop(mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        assert!(self.child.wait().unwrap().success());
        assert!(!self.directory.exists(), "the directory stays");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = rustix::process::kill_process(
                rustix::process::Pid::from_child(&self.child),
                rustix::process::Signal::TERM,
            );
            let _ = self.child.wait();
        }
    }
}

/// What the room is told, one event after the other.
struct Events(std::io::Lines<BufReader<TcpStream>>);

impl Events {
    fn until(&mut self, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        loop {
            let line = self.0.next().unwrap().unwrap();
            if let Some(data) = line.strip_prefix("data: ") {
                let room: serde_json::Value = serde_json::from_str(data).unwrap();
                if wanted(&room) {
                    return room;
                }
            }
        }
    }
}

/// An answer over HTTP.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Asks `address`, by this name, with this request line and these headers.
    fn of(address: &str, head: &str, host: &str, body: &str) -> Self {
        let mut stream = connect(address);
        let length = body.len();
        write!(stream, "{head}Host: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|pair| pair.1)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What is at `url`, without anything from a browser.
fn fetch(url: &str, headers: &str) -> Answer {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    Answer::of(host, &format!("GET /{path} HTTP/1.1\r\n{headers}"), host, "")
}

#[test]
fn only_who_knows_the_path_is_let_in() {
    let demo = Demo::start(&[]);
    let page = demo.get("");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    for inline in ["<script>", "style=", "onclick", "https://"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
    for asset in ["stage.css", "stage.js"] {
        assert_eq!(demo.get(asset).status, 200);
    }

    let key = demo.path.trim_matches('/');
    let last = if key.ends_with('A') { 'B' } else { 'A' };
    let other = format!("/{}{last}/", &key[..key.len() - 1]);
    for path in
        ["/", "/events", "//", &other, &format!("/{key}"), &format!("/{key}A/"), &format!("{other}events")]
    {
        let answer = Answer::of(&demo.host, &format!("GET {path} HTTP/1.1\r\n"), &demo.host, "");
        assert_eq!(answer.status, 404, "{path}");
    }
    // A name of somebody else's that leads to this machine.
    let rebound = Answer::of(&demo.host, &format!("GET {} HTTP/1.1\r\n", demo.path), "evil.example", "");
    assert_eq!(rebound.status, 404);
    // What a form of another site could send.
    let head = format!("POST {}do/lose-app HTTP/1.1\r\nContent-Type: text/plain\r\n", demo.path);
    assert_eq!(Answer::of(&demo.host, &head, &demo.host, "{\"text\":\"\"}").status, 400);
    assert_eq!(demo.act("explode", "").status, 404);
    assert_eq!(demo.act("press", &"1".repeat(20 * 1024)).status, 413);
    assert_eq!(demo.act("press", &"1".repeat(3 * 1024)).status, 413);
    demo.stop();
}

/// The portal lets itself be framed by this page, and by no other.
#[test]
fn the_portal_is_in_the_frame_of_this_page_alone() {
    let demo = Demo::start(&[]);
    let portal = demo.room()["portal"].as_str().unwrap().to_owned();
    let answer = fetch(&format!("{portal}/recover"), "");
    assert_eq!(answer.status, 200);
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.ends_with(&format!("frame-ancestors http://{}", demo.host)), "{policy}");
    let page = demo.get("");
    let frames = page.header("content-security-policy").unwrap();
    assert!(frames.contains(&format!("frame-src 'self' {portal} ")), "{frames}");
}

#[test]
fn ports_can_be_chosen() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let demo = Demo::start(&["--port", &free.to_string()]);
    assert_eq!(demo.host, format!("localhost:{free}"));
    assert_eq!(demo.room()["portal"], format!("http://localhost:{}", free + 1));
    demo.stop();
}

/// J16: a stranger asks, Alice is told, and says "this was not me" by the link in her mail.
#[test]
fn a_stranger_is_told_of_by_mail() {
    let demo = Demo::start(&[]);
    let mut events = demo.events();
    assert_eq!(demo.act("stranger", "").status, 204);
    let room = events.until(|room| !room["mails"].as_array().unwrap().is_empty());
    let number = room["mails"][0]["number"].as_u64().unwrap();
    let mail = demo.get(&format!("mail/{number}")).json();
    let kinds: Vec<_> =
        mail["links"].as_array().unwrap().iter().map(|link| link["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["link", "veto"], "{mail}");
    assert!(mail["text"].as_str().unwrap().contains("203.0.113.66"), "{mail}");
    assert_eq!(mail["html"], true);
    let html = demo.get(&format!("mail/{number}/html"));
    let policy = html.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox allow-same-origin; default-src 'none';"), "{policy}");
    assert_eq!(demo.get("mail/99").status, 404);
    assert_eq!(demo.get("mail/99/html").status, 404);
}

/// Proves password and e-mail address as a front end does; the telephone is next.
async fn up_to_the_call(demo: &Demo, client: &Client) -> String {
    let context = Options::from([("browser", Variant::from("a test"))]);
    let case = client.recovery.open("alice", "lost", context).await.unwrap();
    client.recovery.submit(&case, "password", &["correct horse battery staple"]).await.unwrap();
    client.recovery.start(&case, "email").await.unwrap();
    let room = demo.events().until(|room| !room["mails"].as_array().unwrap().is_empty());
    let mail = demo.get(&format!("mail/{}", room["mails"][0]["number"])).json();
    let token = mail["links"][0]["path"].as_str().unwrap().strip_prefix("/link/").unwrap();
    assert_eq!(client.recovery.open_link(token, "a test").await.unwrap().result.as_deref(), Some("proven"));
    case
}

async fn voice(client: &Client, case: &str) -> StepView {
    client.recovery.show(case).await.unwrap().step("voice").unwrap().clone()
}

/// J7 and J8 on the page's telephone: busy first, then answered, heard, typed on the keypad.
#[tokio::test]
async fn a_call_is_taken_on_the_page() {
    let demo = Demo::start(&["--busy"]);
    let client = demo.client().await;
    let case = up_to_the_call(&demo, &client).await;
    let mut events = demo.events();
    assert_eq!(events.until(|_| true)["next_call"], "busy");
    assert_eq!(demo.act("answer", "").status, 409);
    client.recovery.start(&case, "voice").await.unwrap();
    let room = events.until(|room| room["call"]["phase"] == "ended");
    assert_eq!(room["call"]["ending"], "the line was busy");
    assert_eq!(room["next_call"], "rings");
    let again_at = loop {
        let step = voice(&client, &case).await;
        if step.disposition.as_deref() == Some("busy") {
            break step.resend_after.unwrap();
        }
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    tokio::time::sleep(Duration::from_secs(again_at).saturating_sub(now)).await;
    client.recovery.start(&case, "voice").await.unwrap();
    let room = events.until(|room| room["call"]["phase"] == "ringing");
    assert_eq!(room["call"]["caller"], "+18005550100");
    assert_eq!(demo.act("answer", "").status, 204);
    let room = events.until(|room| room["call"]["speech_seconds"].as_f64().is_some_and(|heard| heard > 0.3));
    assert_eq!(room["call"]["phase"], "answered");
    let sound = sound_of(&demo);
    assert!(sound.iter().any(|sample| sample.unsigned_abs() > 500), "what is played is silence");
    let code = voice(&client, &case).await.code.unwrap();
    assert_eq!(demo.act("press", "12x").status, 409);
    assert_eq!(demo.act("press", &code).status, 204);
    events.until(|room| room["call"]["phase"] == "ended");
    assert_eq!(voice(&client, &case).await.state(), "proven");
}

/// The first tenth of a second that is not quiet.
fn sound_of(demo: &Demo) -> Vec<i16> {
    use base64::Engine as _;
    let mut stream = connect(&demo.host);
    write!(stream, "GET {}sound HTTP/1.1\r\nHost: {}\r\n\r\n", demo.path, demo.host).unwrap();
    for line in BufReader::new(stream).lines() {
        if let Some(data) = line.unwrap().strip_prefix("data: ") {
            let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
            assert_eq!(bytes.len(), 1600);
            let samples: Vec<_> =
                bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
            if samples.iter().any(|sample| sample.unsigned_abs() > 500) {
                return samples;
            }
        }
    }
    panic!("the line was never heard")
}

#[test]
fn the_authenticator_app_is_lost_and_gets_a_new_device() {
    let demo = Demo::start(&[]);
    assert_eq!(demo.room()["apps"][0]["codes"][1].as_str().unwrap().len(), 6);
    assert_eq!(demo.act("lose-app", "").status, 204);
    let lost = demo.room();
    assert_eq!((&lost["apps"][0]["lost"], &lost["apps"][0]["codes"]), (&true.into(), &serde_json::json!([])));
    let refused = demo.act("add-device", "not a secret!");
    assert_eq!(refused.status, 409);
    assert!(refused.json()["error"].as_str().unwrap().contains("this is no secret"));
    assert_eq!(demo.act("add-device", "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ").status, 204);
    let apps = demo.room()["apps"].clone();
    assert_eq!(apps[1]["name"], "new device 1");
    assert_eq!(apps[1]["codes"].as_array().unwrap().len(), 3);
    assert_eq!(demo.act("find-app", "").status, 204);
    assert_eq!(demo.room()["apps"][0]["lost"], false);
}

/// Support's console starts as whoever runs the demonstration, and lets in who has the address.
#[test]
fn support_has_a_console() {
    let demo = Demo::start(&[]);
    let opened = demo.act("console", "");
    assert_eq!(opened.status, 200, "{}", opened.body);
    let address = opened.json()["address"].as_str().unwrap().to_owned();
    let answer = fetch(&address, "");
    assert!(answer.status == 200 || answer.status == 303, "{address}: {}\n{}", answer.status, answer.body);
    let again = demo.act("console", "");
    assert_ne!(again.json()["address"], address.as_str());
    demo.stop();
}

/// A killed daemon comes back, and the case with it.
#[tokio::test]
async fn the_daemon_is_killed_and_comes_back() {
    let demo = Demo::start(&[]);
    let client = demo.client().await;
    let case = up_to_the_call(&demo, &client).await;
    let mut events = demo.events();
    assert_eq!(demo.act("restart-daemon", "").status, 204);
    events.until(|room| room["daemon"] == false);
    assert_eq!(demo.act("restart-daemon", "").status, 409);
    events.until(|room| room["daemon"] == true);
    let view = client.recovery.show(&case).await.unwrap();
    assert_eq!(view.step("email").unwrap().state(), "proven");
    assert_eq!(view.state(), "proving");
    demo.stop();
}

/// Another browser than the one that the person sits at: it has cookies of its own, and only who knows the key uses it.
#[test]
fn the_telephone_has_a_browser_of_its_own() {
    let demo = Demo::start(&[]);
    let opening = demo.room()["browser"].as_str().unwrap().to_owned();
    let (origin, _) = opening.split_once("/~open/").unwrap();
    assert_eq!(fetch(&format!("{origin}/recover"), "").status, 404);
    for wrong in ["?to=//evil.example/", "?to=https://evil.example/", "?to=/%5Cevil.example", ""] {
        let answer = fetch(&format!("{opening}{wrong}"), "");
        assert!(answer.status >= 400 && answer.header("set-cookie").is_none(), "{wrong}");
    }
    assert_eq!(fetch(&format!("{origin}/~open/wrong?to=/recover"), "").status, 404);
    let begun = fetch(&format!("{opening}?to=/recover"), "");
    assert_eq!((begun.status, begun.header("location")), (303, Some("/recover")));
    let pass = begun.header("set-cookie").unwrap();
    assert!(pass.contains("HttpOnly; SameSite=Strict"), "{pass}");
    let cookie = format!("Cookie: {}\r\n", pass.split(';').next().unwrap());

    let page = fetch(&format!("{origin}/recover"), &cookie);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("set-cookie"), None, "the telephone keeps its cookies");
    // The form is bound to the cookie that the telephone keeps: it is taken, also from a page without referrer.
    let token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let again = fetch(&format!("{origin}/recover"), &format!("{cookie}Cookie: readmit-browser=other\r\n"));
    assert!(again.body.contains(token), "a cookie of the other browser has come through");
    let host = origin.strip_prefix("http://").unwrap();
    // The second time the telephone has a case already: its cookie has been kept as well.
    for (own, status, location) in [("null", 303, Some("/case")), (origin, 200, None)] {
        let form = format!("form_token={token}&account=alice&reason=damaged");
        let head = format!(
            "POST /recover HTTP/1.1\r\n{cookie}Origin: {own}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n"
        );
        let sent = Answer::of(host, &head, host, &form);
        assert_eq!((sent.status, sent.header("location")), (status, location), "{own}: {}", sent.body);
    }
    let large = format!("POST /recover HTTP/1.1\r\n{cookie}");
    assert_eq!(Answer::of(host, &large, host, &"x".repeat(70 * 1024)).status, 413);
}
