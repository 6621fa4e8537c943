//! Web servers before the portal and the console, with what their documentation says.

use std::path::Path;
use std::process::Command;

use readmit_tests::{Browser, Setup, WebServer, World, free_address};

use crate::console::Officer;
use crate::tls::Pair;
use crate::walk::{ask_for_mail, prove_password, recover, say};

const PORTAL: &str = include_str!("../../../contrib/portal/README.md");
const CONSOLE: &str = include_str!("../../../contrib/portal/CONSOLE.md");
const COMPANY: &str = include_str!("../../../contrib/examples/small-company/nginx/recover.conf");
const SOCKET: &str = "/run/readmit-portal/portal.sock";

/// The first block of a text in this language, below this line.
fn documented(text: &str, below: &str, language: &str) -> String {
    let (_, after) = text.split_once(below).expect("a heading");
    let (_, after) = after.split_once(&format!("```{language}\n")).expect("a block");
    after.split_once("```").expect("its end").0.to_owned()
}

/// The text with these replaced, each of which has to be there.
fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (what, by)| {
        assert!(text.contains(what), "no {what} in {text}");
        text.replace(what, by)
    })
}

/// What comes back for a request over TLS: the status.
fn status(url: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["-s", "-k", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments).arg(url);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// A person recovers up to the link in the message, behind a web server.
async fn recover_through(start: impl FnOnce(&Path, &str, &Pair) -> WebServer) {
    let mut world = World::builder().portal().start().await;
    let place = world.directory().to_owned();
    let alice = world.person("alice").await;
    let (address, pair) = (free_address(), Pair::make(&place, "portal"));
    let origin = format!("https://{address}");
    let group = String::from_utf8(Command::new("id").arg("-gn").output().unwrap().stdout).unwrap();
    let config = with(
        &documented(PORTAL, "and for both", "toml"),
        &[
            (SOCKET, &place.join("portal.sock").display().to_string()),
            ("https://recover.example.org", &origin),
            ("www-data", group.trim()),
        ],
    );
    let mut portal = world.portal(&config).await;
    let _server = start(&place, &address, &pair);
    let browser = Browser::before(Setup::default().any_certificate(), &origin).await;
    recover(&browser, "alice", "damaged").await;
    assert!(
        browser.cookie("__Host-readmit-case").await.is_some(),
        "the cookie is bound to this host and to TLS"
    );
    prove_password(&browser).await;
    let mail = ask_for_mail(&browser, &mut world, &alice).await;
    browser.new_tab().await;
    // The kit's plugin writes links to where the portal would be by itself.
    let link = mail.link("link");
    browser.open(link.split_at(link.find("/link/").unwrap()).1).await;
    browser.sees(say("link-title")).await;
    browser.click(say("link-button")).await;
    browser.arrives("/case").await;
    // The tab that was left open is told while its answer is still open.
    browser.tab(0).await;
    browser.reads(say("case-start-voice")).await;
    // Its tabs ask again by themselves when the portal is gone, as the same client.
    drop(browser);
    // A client cannot make itself another one, whatever it claims.
    assert!(portal.stop().await.success());
    let _portal = world.portal(&format!("{config}[limits]\npages_per_minute = 2\n")).await;
    let statuses = ["198.51.100.1", "198.51.100.2", "198.51.100.3"].map(|claimed| {
        let header = format!("X-Forwarded-For: {claimed}");
        status(&format!("{origin}/recover"), &["-H", &header])
    });
    assert_eq!(statuses, ["200", "200", "429"]);
}

#[tokio::test]
async fn a_recovery_goes_on_live_behind_nginx() {
    recover_through(|place, address, pair| {
        let listens = format!(
            "listen {address} ssl; ssl_certificate {}; ssl_certificate_key {};",
            pair.certificate.display(),
            pair.key.display()
        );
        let socket = place.join("portal.sock").display().to_string();
        let server = documented(PORTAL, "## Behind a proxy", "nginx");
        WebServer::nginx(place, address, &with(&server, &[("listen 443 ssl;", &listens), (SOCKET, &socket)]))
    })
    .await;
}

#[tokio::test]
async fn a_recovery_goes_on_live_behind_the_nginx_of_the_small_company() {
    recover_through(|place, address, pair| {
        let changes = [
            ("listen 443 ssl;", format!("listen {address} ssl;")),
            ("    listen [::]:443 ssl;\n", String::new()),
            ("/etc/ssl/ginkgo/recover.pem", pair.certificate.display().to_string()),
            ("/etc/ssl/ginkgo/recover.key", pair.key.display().to_string()),
            (SOCKET, place.join("portal.sock").display().to_string()),
        ];
        let changes: Vec<_> = changes.iter().map(|(what, by)| (*what, by.as_str())).collect();
        WebServer::nginx(place, address, &with(COMPANY, &changes))
    })
    .await;
}

#[tokio::test]
async fn a_recovery_goes_on_live_behind_caddy() {
    recover_through(|place, address, pair| {
        let (certificate, key) = (pair.certificate.display(), pair.key.display());
        let site = format!("https://{address} {{\n    tls {certificate} {key}\n");
        let socket = place.join("portal.sock").display().to_string();
        let documented = documented(PORTAL, "Caddy:", "caddy");
        WebServer::caddy(
            place,
            address,
            &with(&documented, &[("recover.example.org {\n", &site), (SOCKET, &socket)]),
        )
    })
    .await;
}

/// Certificates of an authority of its own, for these members of Example's staff.
fn certificates(place: &Path, authority: &str, staff: &[(&str, &str)]) {
    let openssl = |arguments: &[&str]| {
        let made = Command::new("openssl").args(arguments).current_dir(place).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let make = |file: &str, subject: &str, more: &[&str]| {
        let key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        openssl(&[&key[..], &["-subj", subject, "-keyout", &format!("{file}.key")], more].concat());
    };
    let [issuer, key] = ["pem", "key"].map(|ending| format!("{authority}.{ending}"));
    make(authority, &format!("/CN={authority}"), &["-x509", "-days", "2", "-out", &issuer]);
    for (file, name) in staff {
        let [asked, issued] = ["csr", "pem"].map(|ending| format!("{file}.{ending}"));
        make(file, &format!("/O=Example/CN={name}"), &["-out", &asked]);
        let issue = ["-CA", &issuer, "-CAkey", &key, "-CAcreateserial", "-days", "2"];
        openssl(&[&["x509", "-req", "-in", &asked, "-out", &issued][..], &issue].concat());
    }
}

#[tokio::test]
async fn nginx_leads_each_member_of_staff_to_their_own_console() {
    let world = World::builder().start().await;
    let place = world.directory().to_owned();
    certificates(&place, "staff", &[("alice", "Alice Example"), ("mallory", "Mallory Example")]);
    certificates(&place, "elsewhere", &[("impostor", "Alice Example")]);
    let (address, pair) = (free_address(), Pair::make(&place, "support"));
    let url = format!("https://{address}/");
    let listen = format!("unix:{}", place.join("alice.sock").display());
    // nginx tells it the host without the port, which is none to speak of but in a test.
    let public = ["--public-url", "https://127.0.0.1"];
    let _console = Officer::start(&world, &[&["--listen", &listen][..], &public].concat()).await;
    let in_place = |file: &str| place.join(file).display().to_string();
    let changes = [
        ("listen 443 ssl;", format!("listen {address} ssl;")),
        ("/etc/ssl/support.pem", pair.certificate.display().to_string()),
        ("/etc/ssl/support.key", pair.key.display().to_string()),
        ("/etc/ssl/staff-ca.pem", in_place("staff.pem")),
        ("/run/readmit-console", place.display().to_string()),
    ];
    let changes: Vec<_> = changes.iter().map(|(what, by)| (*what, by.as_str())).collect();
    let _server = WebServer::nginx(&place, &address, &with(&documented(CONSOLE, "", "nginx"), &changes));
    let shown = |who: &str| {
        let (certificate, key) = (in_place(&format!("{who}.pem")), in_place(&format!("{who}.key")));
        status(&url, &["--cert", &certificate, "--key", &key])
    };
    assert_eq!([shown("alice"), shown("mallory"), shown("impostor")], ["200", "403", "400"]);
    assert_eq!(status(&url, &[]), "400");
}
