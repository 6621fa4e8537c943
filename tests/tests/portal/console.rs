//! Support's console: who gets in, what they see, what they decide.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use readmit_tests::{Answer, Browser, Case, Web, World, patiently, program, run};
use serde_json::json;

/// A user who owns nothing (`nobody`).
const OTHER: u32 = 65_534;

/// A console as a process. Dropped, it is killed.
pub struct Officer {
    child: Child,
    /// Where it says that it serves: an address with a token, or a socket.
    place: String,
    _out: BufReader<ChildStdout>,
}

impl Officer {
    /// Starts one as the user who runs the tests.
    pub async fn start(world: &World, arguments: &[&str]) -> Self {
        Self::start_as(world, None, arguments).await
    }

    /// Starts one as this user.
    async fn start_as(world: &World, uid: Option<u32>, arguments: &[&str]) -> Self {
        let mut command = Command::new(program("readmit-portal"));
        command.args(["console", "--bus", world.address()]).args(arguments);
        Self::run(command, uid).await
    }

    async fn run(mut command: Command, uid: Option<u32>) -> Self {
        command.args(["--config", "/nonexistent/portal.toml"]).env_clear().env("PATH", "/usr/bin:/bin");
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let said = patiently(
            "the console to say where it serves",
            tokio::task::spawn_blocking(move || {
                let mut line = String::new();
                while !(line.contains("/enter/") || line.contains(", on ")) {
                    line.clear();
                    assert!(out.read_line(&mut line).unwrap() > 0, "the console has ended");
                }
                (line, out)
            }),
        );
        let (line, out) = said.await.unwrap();
        let place = line.trim().rsplit(' ').next().unwrap().trim_end_matches('.').to_owned();
        Self { child, place, _out: out }
    }

    /// Where it serves, without the token.
    fn origin(&self) -> &str {
        self.place.split("/enter/").next().unwrap()
    }

    /// A client that is in.
    async fn web(&self) -> Web {
        let web = Web::new(self.origin());
        let entered = web.get(&self.place).await;
        assert_eq!((entered.status.as_u16(), entered.location().as_deref()), (303, Some("/")));
        web
    }
}

impl Drop for Officer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Another user of this system, where the tests may start programs as one.
fn another_user(world: &World) -> Option<u32> {
    if !rustix::process::getuid().is_root() {
        eprintln!(
            "not run as root: what only a second user of the system could do is left to the unit tests"
        );
        return None;
    }
    // They have to reach the bus.
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.directory(), open).unwrap();
    Some(OTHER)
}

/// A world in which both users are staff, and everybody asks people.
async fn escalating() -> World {
    let uid = rustix::process::getuid().as_raw();
    World::builder()
        .policy("return { open = function() return escalate { to = 'support', because = 'the rules say so' } end }")
        .config(&format!("[bus]\nadmins = [\"{uid}\", \"{OTHER}\"]"))
        .start()
        .await
}

/// The address of the only case in the queue.
async fn address(web: &Web) -> String {
    let queue = web.get("/?show=all").await;
    assert_eq!(queue.status, 200, "{}", queue.page().text());
    let page = queue.page();
    let links = page.all("a").into_iter().filter_map(|link| link.attribute("href"));
    let cases: Vec<&str> = links.filter(|href| href.starts_with("/case/")).collect();
    assert_eq!(cases.len(), 1, "{}", page.text());
    cases[0].to_owned()
}

/// Decides about a case by its form.
async fn decide(web: &Web, case: &str, action: &str, because: &str) -> Answer {
    let form = web.get(&format!("{case}/{action}")).await.form(&format!("{case}/{action}"));
    web.send(&form.fill("because", because)).await
}

#[tokio::test]
async fn staff_send_a_pass_and_the_person_s_page_goes_on_by_itself() {
    let mut world = World::builder().portal().start().await;
    let member = json!({ "kind": "member" });
    let alice = world.person_with("alice", member, "virtual").await;
    let portal = world.portal("").await;
    let person = Browser::start(&portal).await;
    person.open("/recover").await;
    person.fill("User name or e-mail address", "alice").await;
    person.choose("I have lost it").await;
    person.click("Continue").await;
    person.arrives("/case").await;

    let officer = Browser::start(&portal).await;
    let console = Officer::start(&world, &[]).await;
    officer.open(&console.place).await;
    officer.sees("Recoveries that wait for people").await;
    officer.has_no_sideways_scrolling().await;
    officer.axe().await;
    officer.picture("console-queue").await;
    officer.click("alice").await;
    officer.sees("Recovery of alice").await;
    officer.reads("members cannot reset their own device").await;
    officer.click("Send the pass").await;
    officer.sees("Send an access pass?").await;
    officer.click("Send the pass").await;
    officer.reads("Say why").await;
    officer.fill("Why do you decide so?", "called back, known to me").await;
    officer.axe().await;
    officer.picture("console-pass").await;
    officer.click("Send the pass").await;
    officer.reads("The pass is on its way to the address on file").await;
    officer.reads("called back, known to me").await;
    officer.axe().await;
    officer.picture("console-case").await;

    let pass = world.mailbox.mail(&alice.email, "pass").await.pass();
    person.fill("Access pass", &pass).await;
    person.click("Use this pass").await;
    // What the person does is seen by staff without a click.
    officer.reads("The account is recovered").await;
    assert!(!officer.source().await.contains(&pass), "staff see the pass");
    officer.open(console.origin()).await;
    officer.reads("Nothing waits here").await;
}

#[tokio::test]
async fn a_refusal_needs_a_reason_and_is_done_once() {
    let world = escalating().await;
    world.person("bob").await;
    let case = world.desk.open("bob", "lost").await;
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;

    let wrong = decide(&web, &place, "deny", " \r\n ").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.page().title().starts_with("Error: "), "{}", wrong.page().title());
    let long = decide(&web, &place, "deny", &"x".repeat(4001)).await;
    assert_eq!(long.status, 422);
    assert!(long.body.contains(&"x".repeat(4001)), "what was typed is kept");
    assert_eq!(case.state().await, "escalated");

    let form = web.get(&format!("{place}/deny")).await.form(&format!("{place}/deny"));
    let form = form.fill("because", "not the\r\nperson");
    assert_eq!(web.send(&form.clone().without("form_token")).await.status, 403);
    let foreign = web.with("sec-fetch-site", "cross-site").send(&form).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(case.state().await, "escalated");

    let done = web.send(&form).await;
    assert_eq!((done.status.as_u16(), done.location()), (303, Some(format!("{place}?done=deny"))));
    let shown = web.follow(done).await;
    assert!(shown.page().text().contains("The recovery is refused."), "{}", shown.page().text());
    assert!(shown.page().text().contains("not the person"), "the reason stands in the timeline");
    assert_eq!(case.state().await, "denied");
    let journal = world.desk.journal().await;
    let denied = journal.iter().find(|row| row["kind"] == "denied").unwrap();
    assert_eq!(denied["actor"], format!("uid:{}", rustix::process::getuid().as_raw()));

    // The same once more, and another decision about it, show how it stands.
    let again = web.send(&form).await;
    assert_eq!(again.status, 409);
    assert!(again.page().text().contains("somebody else was faster"), "{}", again.page().text());
    assert_eq!(web.get(&format!("{place}/pass")).await.status, 409);
    let count = world.desk.journal().await.iter().filter(|row| row["kind"] == "denied").count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_reset_asks_for_the_name_of_the_account() {
    let world = escalating().await;
    world.person("bob").await;
    let case = world.desk.open("bob", "damaged").await;
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;
    let form = web.get(&format!("{place}/reset")).await.form(&format!("{place}/reset"));
    let form = form.fill("because", "identity checked by video");
    for other in ["", "alice", "BOB"] {
        let wrong = web.send(&form.clone().fill("account", other)).await;
        assert_eq!(wrong.status, 422, "{other}");
        assert!(wrong.body.contains("identity checked by video"), "the reason is kept");
    }
    assert_eq!(case.state().await, "escalated");
    let shown = web.submit(&form.fill("account", "bob")).await;
    assert!(shown.page().text().contains("The device is reset."), "{}", shown.page().text());
    assert_eq!(case.state().await, "recovered");
}

#[tokio::test]
async fn what_happened_meanwhile_is_looked_at_first() {
    let world = escalating().await;
    world.person("bob").await;
    let case = world.desk.open("bob", "lost").await;
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;
    let form = web.get(&format!("{place}/pass")).await.form(&format!("{place}/pass"));
    let form = form.fill("because", "known to me");
    case.escalate(json!({ "problem": "not_me", "message": "it was not me" })).await.unwrap();
    let turned = web.send(&form).await;
    assert_eq!(turned.status, 409);
    assert!(turned.page().text().contains("Something happened in this recovery"));
    assert_eq!(case.state().await, "escalated");
    // Whoever has looked sends it again.
    let form = turned.form(&format!("{place}/pass"));
    assert_eq!(form.value("because"), Some("known to me"));
    assert_eq!(web.send(&form).await.status, 303);
    assert_eq!(case.state().await, "proving");
}

#[tokio::test]
async fn approvals_take_different_people() {
    let uid = rustix::process::getuid().as_raw();
    let world = World::builder()
        .policy(
            "return { open = function() return prove { 'password', approvals(2) } end, \
             recovered = function() return outcome { device = 'deactivate' } end }",
        )
        .config(&format!("[bus]\nadmins = [\"{uid}\", \"{OTHER}\"]\n[assurance]\nlevel = \"none\""))
        .start()
        .await;
    world.person("bob").await;
    let case = world.desk.open("bob", "lost").await;
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;
    assert_eq!(web.get(&format!("{place}/approve")).await.status, 409, "the password comes first");
    case.prove_password().await;
    assert_eq!(decide(&web, &place, "approve", "known to me").await.status, 303);
    let shown = web.get(&place).await.page().text();
    assert!(shown.contains("1 of 2 given"), "{shown}");
    assert!(shown.contains("You have approved this recovery."), "{shown}");
    assert_eq!(web.get(&format!("{place}/approve")).await.status, 409, "not twice");
    assert_eq!(case.state().await, "proving");
    let Some(other) = another_user(&world) else { return };
    let colleague = Officer::start_as(&world, Some(other), &[]).await;
    let web = colleague.web().await;
    // The address is the same for everybody.
    assert_eq!(decide(&web, &place, "approve", "called back").await.status, 303);
    assert_eq!(case.state().await, "recovered");
}

#[tokio::test]
async fn nobody_decides_about_their_own_account() {
    let world = escalating().await;
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    world.person("alice").await;
    // It is theirs from here on, and nothing of it can be changed by them.
    let mine = json!({ "attributes": { "unix_user": me.trim() } });
    world.desk.set_account("alice", mine).await.unwrap();
    let case = world.desk.open("alice", "lost").await;
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;
    let shown = web.get(&place).await;
    assert!(shown.page().text().contains("This is your own account."), "{}", shown.page().text());
    for action in ["approve", "pass", "reset", "deny"] {
        assert!(!shown.body.contains(&format!("{place}/{action}")), "{action} is offered");
        assert_eq!(web.get(&format!("{place}/{action}")).await.status, 409);
        let token = web.get("/").await.form("/language").value("form_token").unwrap().to_owned();
        let fields = [("form_token", token.as_str()), ("because", "it is me"), ("account", "alice")];
        assert_eq!(web.post(&format!("{place}/{action}"), &fields).await.status, 409, "{action}");
    }
    assert_eq!(case.state().await, "escalated");
}

#[tokio::test]
async fn who_lacks_the_right_is_told_which() {
    let config = format!("[bus]\nadmins = [\"{OTHER}\"]");
    let world = World::builder().config(&config).start().await;
    let console = Officer::start(&world, &[]).await;
    let answer = console.web().await.get("/").await;
    assert_eq!(answer.status, 403);
    let text = answer.page().text();
    assert!(text.contains("lacks the right Cases1.List") && text.contains("readmit-security"), "{text}");
}

#[tokio::test]
async fn staff_see_no_secret_and_what_strangers_write_is_harmless() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "type this code").await;
    let hostile =
        "<script>alert(1)</script>\" onclick=\"x \u{202E}moc.elpmaxe\u{2066}\u{200B}\u{FEFF}\u{1F600}";
    case.escalate(
        json!({ "problem": "other", "name": hostile, "message": format!("{hostile}\nsecond line") }),
    )
    .await
    .unwrap();
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;
    let (code, token) = (mail.code(), mail.token("link"));
    let secrets = [&code, &token, &case.id, &alice.email, &alice.phone, &alice.secret];
    for path in ["/", "/?show=all", &place, &format!("{place}/pass"), &format!("{place}/reset"), "/nothing"] {
        let answer = web.get(path).await;
        for secret in secrets {
            assert!(!answer.body.contains(secret.as_str()), "{path} shows {secret}");
        }
        for hidden in ['\u{202E}', '\u{2066}', '\u{200B}', '\u{FEFF}'] {
            assert!(!answer.body.contains(hidden), "{path} has {hidden:?}");
        }
        assert!(!answer.body.contains("<script>alert") && !answer.body.contains("\" onclick=\""), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let text = web.get(&place).await.page().text();
    assert!(text.contains("Anybody can have written this."), "{text}");
    assert!(
        text.contains("<script>alert(1)</script>") && text.contains("\\u{202E}moc.elpmaxe\\u{2066}"),
        "{text}"
    );
    // Every word of the daemon's that came up has words of its own.
    assert!(!text.contains("console-"), "{text}");
    for language in ["de", "fr"] {
        let page = web.with("accept-language", language).get(&place).await.page();
        assert!(!page.text().contains("console-"), "{}", page.text());
        assert_eq!(page.one("html").attribute("lang"), Some(language));
    }
}

#[tokio::test]
async fn an_unknown_account_can_only_be_refused() {
    let world = escalating().await;
    let case = world.desk.open("nobody-here", "lost").await;
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let place = address(&web).await;
    let shown = web.get(&place).await;
    assert!(shown.page().text().contains("There is no such account."), "{}", shown.page().text());
    assert_eq!(web.get(&format!("{place}/pass")).await.status, 409);
    assert_eq!(decide(&web, &place, "deny", "nobody of this name").await.status, 303);
    assert_eq!(case.state().await, "denied");
}

#[tokio::test]
async fn the_queue_is_filtered_ordered_and_paged() {
    let world = escalating().await;
    let mut cases: Vec<Case> = Vec::new();
    for number in 0..51 {
        cases.push(world.desk.open(&format!("person-{number:02}"), "lost").await);
    }
    cases[3].cancel().await.unwrap();
    let console = Officer::start(&world, &[]).await;
    let web = console.web().await;
    let names = async |path: &str| {
        let page = web.get(path).await.page();
        let links = page.all("a").into_iter();
        links.map(|link| link.text()).filter(|text| text.starts_with("person-")).collect::<Vec<_>>()
    };
    let waiting = names("/").await;
    assert_eq!((waiting.len(), waiting[0].as_str()), (50, "person-00"));
    assert!(!waiting.contains(&"person-03".to_owned()));
    assert_eq!(names("/?order=newest").await[0], "person-50");
    assert_eq!(names("/?show=cancelled").await, ["person-03"]);
    assert_eq!(names("/?show=all&account=person-07").await, ["person-07"]);
    let all = names("/?show=all").await;
    assert_eq!((all.len(), names("/?show=all&page=1").await), (50, vec!["person-50".to_owned()]));
    assert_eq!(web.get("/?account=%20%01").await.status, 422);
    assert_eq!(web.get("/case/AAAAAAAAAAAAAAAA").await.status, 404);
}

#[tokio::test]
async fn at_the_desk_the_address_is_good_once_and_for_one_browser() {
    let world = World::builder().start().await;
    let console = Officer::start(&world, &[]).await;
    let origin = console.origin().to_owned();
    let stranger = Web::new(&origin);
    assert_eq!(stranger.get("/").await.status, 403);
    assert_eq!(stranger.get("/enter/guessed").await.status, 403);
    // Who only looks ahead does not use it up.
    let head = stranger.request(hyper::Method::HEAD, &console.place, &[], Vec::new()).await;
    assert_eq!(head.status, 403);
    assert_eq!(stranger.with("sec-purpose", "prefetch").get(&console.place).await.status, 403);
    let host = origin.trim_start_matches("http://");
    let port = host.rsplit(':').next().unwrap();
    for other in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "evil.example".to_owned()] {
        let path = console.place.strip_prefix(&origin).unwrap();
        let raw = format!("GET {path} HTTP/1.1\r\nHost: {other}\r\nConnection: close\r\n\r\n");
        let answer = stranger.raw(raw.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 403 ") && !answer.contains("readmit-console="),
            "{other}: {answer}"
        );
    }
    let web = console.web().await;
    assert_eq!(web.get("/").await.status, 200);
    assert_eq!(stranger.get(&console.place).await.status, 403, "a second time");
    assert_eq!(stranger.get("/").await.status, 403);
    stranger.put_cookie("readmit-console", "guessed");
    assert_eq!(stranger.get("/").await.status, 403);
    assert_eq!(web.get("/recover").await.status, 404, "the portal's pages are elsewhere");
}

/// What the console at a socket answers to this user of the system.
fn asked_by(uid: Option<u32>, socket: &str, host: &str) -> String {
    let mut command = Command::new("curl");
    command.args(["-s", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", socket]);
    command.arg("-H").arg(format!("Host: {host}")).arg("http://localhost/");
    if let Some(uid) = uid {
        command.uid(uid).gid(uid);
    }
    String::from_utf8(command.output().expect("apt-get install curl").stdout).unwrap()
}

#[tokio::test]
async fn a_socket_serves_its_user_and_the_proxy() {
    let world = World::builder().start().await;
    let socket = world.directory().join("console.sock").display().to_string();
    let listen = format!("unix:{socket}");
    let console = Officer::start(&world, &["--listen", &listen]).await;
    assert_eq!(console.place, socket);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(asked_by(None, &socket, "localhost:8443"), "200");
    assert_eq!(asked_by(None, &socket, "evil.example"), "403");
    let second = run("readmit-portal", &["console", "--bus", world.address(), "--listen", &listen], "");
    assert_eq!(second.code, 1);
    assert!(second.error.contains("another console is listening there"), "{}", second.error);
    let Some(other) = another_user(&world) else { return };
    // Even where the file lets them.
    let everybody = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(&socket, everybody.clone()).unwrap();
    assert_eq!(asked_by(Some(other), &socket, "localhost"), "403");
    drop(console);
    let proxy =
        ["--listen", &listen, "--proxy", &other.to_string(), "--public-url", "https://support.example"];
    let _console = Officer::start(&world, &proxy).await;
    std::fs::set_permissions(&socket, everybody).unwrap();
    assert_eq!(asked_by(Some(other), &socket, "support.example"), "200");
    assert_eq!(asked_by(Some(other - 1), &socket, "support.example"), "403");
}

/// Becomes the console with a socket as systemd passes one.
const ACTIVATE: &str = "import os, socket, sys\n\
    one = socket.socket(socket.AF_UNIX); one.bind(sys.argv[1]); one.listen()\n\
    os.dup2(one.fileno(), 3); os.set_inheritable(3, True)\n\
    os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
    os.execv(sys.argv[2], sys.argv[2:])";

#[tokio::test]
async fn a_socket_of_systemd_s_is_served_and_stays() {
    let world = World::builder().start().await;
    let socket = world.directory().join("passed.sock");
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    let mut command = Command::new(python);
    command.args(["-c", ACTIVATE]).arg(&socket).arg(program("readmit-portal"));
    command.args(["console", "--bus", world.address()]);
    let mut console = Officer::run(command, None).await;
    assert_eq!(asked_by(None, &socket.display().to_string(), "localhost"), "200");
    assert!(stopped(&mut console.child).success());
    assert!(socket.exists(), "the socket is systemd's");
}

fn stopped(child: &mut Child) -> ExitStatus {
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    child.wait().unwrap()
}

#[tokio::test]
async fn a_page_hears_of_changes_over_a_socket_too() {
    let world = escalating().await;
    world.person("bob").await;
    let case = world.desk.open("bob", "lost").await;
    let socket = world.directory().join("console.sock");
    let listen = format!("unix:{}", socket.display());
    let _console = Officer::start(&world, &["--listen", &listen]).await;
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(b"GET /events?show=escalated&seen= HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let (stream, events) = patiently("what is shown now", hears(stream)).await;
    assert!(events.contains("text/event-stream"), "{events}");
    case.cancel().await.unwrap();
    patiently("the change", hears(stream)).await;
}

/// Reads until an event has come.
async fn hears(mut stream: UnixStream) -> (UnixStream, String) {
    let read = tokio::task::spawn_blocking(move || {
        let (mut all, mut some) = (String::new(), [0; 1024]);
        while !all.contains("data: look") {
            let count = stream.read(&mut some).unwrap();
            assert!(count > 0, "the stream has ended: {all}");
            all.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        (stream, all)
    });
    read.await.unwrap()
}

#[test]
fn the_command_teaches_and_is_never_on_a_network() {
    let help = run("readmit-portal", &["console", "--help"], "");
    assert_eq!(help.code, 0);
    for word in ["ssh -L", "readmit-console@alice.socket", "--public-url", "admins"] {
        assert!(help.output.contains(word), "{word}: {}", help.output);
    }
    let open = run("readmit-portal", &["console", "--listen", "0.0.0.0:80"], "");
    assert_eq!(open.code, 2);
    assert!(open.error.contains("never on a network"), "{}", open.error);
    let nobody = ["console", "--listen", "unix:/tmp/x.sock", "--proxy", "nobody-of-this-name"];
    assert!(run("readmit-portal", &nobody, "").error.contains("no such user"));
}

/// The units are for the program as it is: every option that they give is one.
#[test]
fn the_units_start_the_console_as_its_user() {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/systemd");
    let service = std::fs::read_to_string(units.join("readmit-console@.service")).unwrap();
    let socket = std::fs::read_to_string(units.join("readmit-console@.socket")).unwrap();
    assert!(service.contains("\nUser=%i\n") && service.contains("\nNoNewPrivileges=yes\n"));
    assert!(socket.contains("\nListenStream=/run/readmit-console/%i.sock\n"));
    assert!(socket.contains("\nSocketMode=0660\n"));
    let start = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let help = run("readmit-portal", &["console", "--help"], "").output;
    for option in start.split(' ').filter(|word| word.starts_with("--")) {
        assert!(help.contains(option), "{option}");
    }
}
