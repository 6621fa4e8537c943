//! What the server itself promises, whatever page it is: headers, cookies, methods, forms, limits, addresses of clients.

use std::collections::BTreeSet;

use hyper::Method;
use readmit_tests::{Answer, Portal, Web, World, patiently};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The style, script and pictures that a page names.
fn assets(page: &Answer) -> Vec<String> {
    let page = page.page();
    let links = page.all("link").into_iter().filter_map(|link| link.attribute("href"));
    let rest = page.all("*").into_iter().filter_map(|element| element.attribute("src"));
    links.chain(rest).filter(|path| path.starts_with("/assets/")).map(str::to_owned).collect()
}

/// Pages, refusals and files: what every kind of answer looks like.
async fn answers(web: &Web) -> Vec<Answer> {
    let recover = web.get("/recover").await;
    assert_eq!(recover.status, 200);
    let assets = assets(&recover);
    assert!(assets.len() >= 2, "a style and a script: {assets:?}");
    let mut answers = vec![recover];
    let paths =
        ["/", "/case", "/link/abc", "/veto/abc", "/nope", "/healthz", "/assets/abc/portal.css", "/%00"];
    for path in paths.into_iter().chain(assets.iter().map(String::as_str)) {
        answers.push(web.get(path).await);
    }
    answers.push(web.post("/recover", &[("account", "alice"), ("reason", "lost")]).await);
    answers.push(web.request(Method::DELETE, "/recover", &[], Vec::new()).await);
    answers.push(web.request(Method::HEAD, "/recover", &[], Vec::new()).await);
    answers
}

fn check_headers(answer: &Answer) {
    let what = format!("{} {}", answer.status, answer.path);
    let policy: BTreeSet<&str> = answer.header("content-security-policy").split(';').map(str::trim).collect();
    let is_asset = answer.path.starts_with("/assets/") && answer.status == 200;
    // A file that is opened as a page of its own may do nothing.
    let alone = ["default-src 'none'", "style-src 'unsafe-inline'", "sandbox"];
    let page = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ];
    let wanted = if is_asset { BTreeSet::from(alone) } else { BTreeSet::from(page) };
    assert_eq!(policy, wanted, "{what}");
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("server", ""),
        ("x-powered-by", ""),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
    let kept = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
    assert_eq!(answer.header("cache-control"), kept, "{what}");
    // Only what is different from browser to browser sets cookies.
    assert!(!is_asset || answer.set_cookies().is_empty(), "{what}");
}

/// The policy would block it anyway; nothing should be there to be blocked.
fn check_page(answer: &Answer) {
    if !answer.header("content-type").starts_with("text/html") {
        return;
    }
    for element in answer.page().all("*") {
        for (name, value) in element.attributes() {
            assert!(!name.starts_with("on") && name != "style", "{}: {name}=\"{value}\"", answer.path);
            let is_script = value.trim_start().to_ascii_lowercase().starts_with("javascript:");
            assert!(!is_script, "{}: {name}=\"{value}\"", answer.path);
        }
        let is_inline = element.name == "style" || (element.name == "script" && !element.text().is_empty());
        assert!(!is_inline, "{}: an inline {}", answer.path, element.name);
    }
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_nothing_else_to_tell_nobody_and_to_keep_nothing() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    for answer in answers(&Web::new(portal.url())).await {
        check_headers(&answer);
        check_page(&answer);
        assert_eq!(answer.header("strict-transport-security"), "", "{}", answer.path);
    }
}

#[tokio::test]
async fn with_https_browsers_are_told_to_stay_there_and_cookies_go_nowhere_else() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("public_url = \"https://recover.example.org\"").await;
    let web = Web::new(portal.url());
    for answer in answers(&web).await {
        check_headers(&answer);
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{}", answer.path);
    }
    let set = Web::new(portal.url()).get("/recover").await.set_cookies();
    assert!(!set.is_empty());
    for cookie in set {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for part in ["; Path=/;", "; HttpOnly;", "; SameSite=", "; Secure"] {
            assert!(cookie.contains(part), "{cookie} without {part}");
        }
        assert!(!cookie.contains("Domain") && !cookie.contains("SameSite=None"), "{cookie}");
    }
    // A cookie without the prefix may be from another host of the domain, and is nobody's.
    let other = Web::new(portal.url());
    other.put_cookie("readmit-browser", "planted");
    let answer = other.get("/recover").await;
    assert!(answer.set_cookies().iter().any(|cookie| cookie.starts_with("__Host-readmit-browser=")));
}

#[tokio::test]
async fn cookies_are_not_for_scripts_and_not_for_other_sites() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let page = web.get("/recover").await;
    let opened = web.send(&page.form("/recover").fill("account", "alice").fill("reason", "lost")).await;
    assert_eq!(opened.status, 303);
    let set = [page.set_cookies(), opened.set_cookies()].concat();
    assert!(set.len() >= 2, "a browser's and a case's: {set:?}");
    for cookie in set {
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        assert!(cookie.contains("; Path=/;") && !cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn only_getting_and_sending_forms_is_known_here() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = web.request(method.clone(), "/recover", &[("x-echo", "secret")], Vec::new()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD, POST"), "{method}");
        assert_eq!(answer.body, "", "{method}");
    }
    let head = web.request(Method::HEAD, "/recover", &[], Vec::new()).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    assert_eq!(web.post("/nope", &[]).await.status, 404);
}

/// A browser with a page open, and the token that its forms carry.
async fn visitor(portal: &Portal) -> (Web, String) {
    let web = Web::new(portal.url());
    let form = web.get("/recover").await.form("/recover");
    (web, form.value("form_token").unwrap().to_owned())
}

async fn send(web: &Web, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    web.request(Method::POST, "/recover", headers, body.into()).await
}

#[tokio::test]
async fn a_form_that_no_browser_would_send_opens_nothing() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("[limits]\nforms_per_minute = 1000").await;
    let (web, token) = visitor(&portal).await;
    let good = format!("form_token={token}&account=alice&reason=lost");
    let large = format!("{good}&more={}", "x".repeat(1024 * 1024));
    let long = format!("form_token={token}&account={}&reason=lost", "x".repeat(5000));
    let fields: String = (0..40).map(|n| format!("&f{n}=")).collect();
    let bodies = [
        (large.clone().into_bytes(), 413),
        (long.into_bytes(), 413),
        (format!("{good}{fields}").into_bytes(), 413),
        (format!("{good}&account=bob").into_bytes(), 400),
        (format!("{good}&form_token={token}").into_bytes(), 400),
        (format!("{good}&a=%").into_bytes(), 400),
        (format!("{good}&a=%zz").into_bytes(), 400),
        (format!("{good}&a=%ff").into_bytes(), 400),
        (format!("{good}&a=%00").into_bytes(), 400),
        (format!("{good}&a=b c").into_bytes(), 400),
        ([good.as_bytes(), b"&a=\xff"].concat(), 400),
        ([good.as_bytes(), b"\r\n"].concat(), 400),
        (b"account=alice&reason=lost".to_vec(), 403),
        (b"form_token=&account=alice&reason=lost".to_vec(), 403),
        (format!("form_token={token}x&account=alice&reason=lost").into_bytes(), 403),
        (Vec::new(), 403),
    ];
    for (body, status) in bodies {
        let shown = String::from_utf8_lossy(&body).chars().take(120).collect::<String>();
        let answer = send(&web, &[FORM], body).await;
        assert_eq!(answer.status.as_u16(), status, "{shown}");
        assert!(answer.page().all("h1").len() == 1, "a page that says so: {shown}");
        assert!(web.cookie("readmit-case").is_none(), "{shown}");
        check_headers(&answer);
    }
    let json = format!("{{\"form_token\":\"{token}\",\"account\":\"alice\",\"reason\":\"lost\"}}");
    let multipart =
        format!("--x\r\ncontent-disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n--x--\r\n");
    for (headers, body) in [
        (vec![], good.clone()),
        (vec![("content-type", "text/plain")], good.clone()),
        (vec![("content-type", "application/json")], json),
        (vec![("content-type", "multipart/form-data; boundary=x")], multipart),
        (vec![FORM, ("content-type", "text/plain")], good.clone()),
    ] {
        assert_eq!(send(&web, &headers, body).await.status, 400, "{headers:?}");
        assert!(web.cookie("readmit-case").is_none(), "{headers:?}");
    }
    // Not one of those was what kept the right one from passing.
    assert_eq!(send(&web, &[FORM], good).await.status, 303);
    assert!(web.cookie("readmit-case").is_some());
}

#[tokio::test]
async fn another_site_and_another_browser_send_no_form() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("[limits]\nforms_per_minute = 1000").await;
    let (web, token) = visitor(&portal).await;
    let good = format!("form_token={token}&account=alice&reason=lost");
    let port = portal.address().rsplit(':').next().unwrap();
    let neighbour = format!("http://localhost:{port}");
    let longer = format!("{}.evil.example", portal.url());
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", &neighbour),
        ("origin", &longer),
        ("origin", "http://127.0.0.1"),
        ("origin", ""),
    ] {
        let answer = send(&web, &[FORM, (name, value)], good.clone()).await;
        assert_eq!(answer.status, 403, "{name}: {value}");
        assert!(web.cookie("readmit-case").is_none(), "{name}: {value}");
    }
    // A page of another browser, and a browser that has none.
    let (other, _) = visitor(&portal).await;
    for stranger in [&other, &Web::new(portal.url())] {
        assert_eq!(send(stranger, &[FORM], good.clone()).await.status, 403);
    }
    let own = [FORM, ("origin", portal.url()), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&web, &own, good).await.status, 303);
}

#[tokio::test]
async fn what_is_typed_never_becomes_a_header() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("[limits]\nforms_per_minute = 1000").await;
    let (web, token) = visitor(&portal).await;
    let evil = "%0d%0aX-Injected:%20yes%0d%0a%0d%0a%3Cscript%3Ealert(1)%3C/script%3E";
    let mut answers = Vec::new();
    for body in [
        format!("form_token={token}&account={evil}&reason=lost"),
        format!("form_token={token}&account=alice&reason={evil}"),
        format!("form_token={evil}&account=alice&reason=lost"),
        format!("form_token={token}&account=alice&reason=lost&{evil}=1"),
    ] {
        answers.push(send(&web, &[FORM], body).await);
    }
    for path in
        ["/", "/case/start/", "/case/submit/", "/link/", "/veto/", "/assets/", "/recover?next=", "/?a="]
    {
        answers.push(web.get(&format!("{path}{evil}")).await);
        answers.push(web.post(&format!("{path}{evil}"), &[("form_token", &token)]).await);
    }
    for name in ["readmit-case", "readmit-browser", "readmit-language"] {
        let planted = Web::new(portal.url());
        planted.put_cookie(name, evil);
        answers.push(planted.get("/case").await);
    }
    for answer in answers {
        assert!(answer.headers.get("x-injected").is_none(), "{}", answer.path);
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).to_lowercase();
            assert!(!value.contains("injected"), "{}: {name}: {value}", answer.path);
        }
        assert!(!answer.body.contains("<script>alert"), "{}", answer.path);
        assert!(answer.status.as_u16() < 500, "{} {}", answer.status, answer.path);
    }
}

#[tokio::test]
async fn one_client_gets_so_much_and_another_is_not_concerned() {
    let world = World::builder().portal().start().await;
    let portal = world
        .portal("trusted_proxies = [\"127.0.0.1\"]\n[limits]\nforms_per_minute = 2\npages_per_minute = 5")
        .await;
    let web = Web::new(portal.url());
    let from = |address: &str| web.with("x-forwarded-for", address);
    let (one, other) = (from("198.51.100.1"), from("198.51.100.2"));
    for _ in 0..2 {
        assert_eq!(one.post("/recover", &[]).await.status, 403);
    }
    let refused = one.post("/recover", &[]).await;
    assert_eq!(refused.status, 429);
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(refused.page().all("h1").len(), 1);
    check_headers(&refused);
    // What the client makes up stands left of what the proxy heard.
    assert_eq!(from("203.0.113.9, 198.51.100.1").post("/recover", &[]).await.status, 429);
    assert_eq!(other.post("/recover", &[]).await.status, 403);
    // Pages are counted apart from forms, and a network of version 6 is one client.
    assert_eq!(one.get("/recover").await.status, 200);
    for host in 1..=5 {
        assert_eq!(from(&format!("2001:db8::{host}")).get("/recover").await.status, 200);
    }
    assert_eq!(from("[2001:db8::6]:4711").get("/recover").await.status, 429);
    assert_eq!(from("2001:db8:0:1::1").get("/recover").await.status, 200);
    let asset = assets(&other.get("/recover").await).remove(0);
    for _ in 0..10 {
        assert_eq!(other.get(&asset).await.status, 200, "files are not counted");
        assert_eq!(other.get("/healthz").await.status, 200, "nor are those who watch");
    }
}

/// Opens a recovery for alice and says with which status.
async fn open(web: &Web) -> u16 {
    let form = web.get("/recover").await.form("/recover").fill("account", "alice").fill("reason", "lost");
    web.send(&form).await.status.as_u16()
}

#[tokio::test]
async fn the_daemon_hears_the_client_that_a_trusted_proxy_names_and_no_other() {
    let limits = "[limits]\nopen_per_address_per_hour = 1";
    let world = World::builder().portal().config(limits).start().await;
    world.person("alice").await;
    let mut portal = world.portal("trusted_proxies = [\"127.0.0.0/8\"]").await;
    let from = |name, address: &str| Web::new(portal.url()).with(name, address);
    assert_eq!(open(&from("x-forwarded-for", "198.51.100.1")).await, 303);
    assert_eq!(open(&from("x-forwarded-for", "198.51.100.1")).await, 429);
    assert_eq!(open(&from("x-forwarded-for", "198.51.100.2")).await, 303);
    // The header that the proxy does not write is the client's own: all these are the proxy itself.
    assert_eq!(open(&from("forwarded", "for=198.51.100.3")).await, 303);
    assert_eq!(open(&from("forwarded", "for=198.51.100.4")).await, 429);
    portal.stop().await;
    // To be configured is to be trusted; nobody else is.
    let portal = world.portal("trusted_proxies = [\"10.0.0.0/8\"]").await;
    let stranger = Web::new(portal.url()).with("x-forwarded-for", "198.51.100.5");
    assert_eq!(open(&stranger).await, 429);
}

#[tokio::test]
async fn while_the_daemon_hangs_others_are_told_to_come_back() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("[limits]\nat_once = 1").await;
    let web = Web::new(portal.url());
    assert_eq!(web.get("/recover").await.status, 200);
    web.put_cookie("readmit-case", "nobodys");
    let daemon = Pid::from_raw(i32::try_from(world.daemon_id()).unwrap()).unwrap();
    kill_process(daemon, Signal::STOP).unwrap();
    // Whichever comes first waits for the daemon; the other is not let wait with it for ever.
    let (one, other) = (Box::pin(web.get("/case")), Box::pin(web.get("/case")));
    let (refused, waiting) = match futures_util::future::select(one, other).await {
        futures_util::future::Either::Left(ended) => ended,
        futures_util::future::Either::Right(ended) => ended,
    };
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), "2");
    check_headers(&refused);
    assert_eq!(web.get("/healthz").await.status, 200, "who watches does not stand in that row");
    kill_process(daemon, Signal::CONT).unwrap();
    assert_eq!(waiting.await.status, 404);
}

#[tokio::test]
async fn who_watches_hears_whether_there_is_a_daemon_and_nothing_else() {
    let mut world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let health = web.get("/healthz").await;
    assert_eq!(
        (health.status.as_u16(), health.body.as_str()),
        (200, "{\"portal\":\"ok\",\"daemon\":\"ok\"}\n")
    );
    assert_eq!(health.header("content-type"), "application/json");
    assert!(health.set_cookies().is_empty());
    assert_eq!(web.get("/healthz/daemon").await.status, 200);
    world.kill().await;
    let away = async { while web.get("/healthz/daemon").await.status != 503 {} };
    patiently("the portal to miss the daemon", away).await;
    let health = web.get("/healthz").await;
    assert_eq!(
        (health.status.as_u16(), health.body.as_str()),
        (200, "{\"portal\":\"ok\",\"daemon\":\"away\"}\n")
    );
    world.start().await;
    let back = async { while web.get("/healthz/daemon").await.status != 200 {} };
    patiently("the portal to find the daemon", back).await;
}

#[tokio::test]
async fn a_crowd_is_served_and_one_who_sends_nothing_keeps_nobody_out() {
    let world = World::builder().portal().start().await;
    let portal = world
        .portal("[connections]\nper_client = 300\n[limits]\npages_per_minute = 10000\nat_once = 32")
        .await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(portal.address()).await.unwrap();
        let head = format!(
            "POST /recover HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n{}: {}\r\n\r\na",
            FORM.0, FORM.1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let web = Web::new(portal.url());
    let crowd = (0..200).map(|_| web.get("/recover"));
    let answers = futures_util::future::join_all(crowd).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}

#[tokio::test]
async fn what_is_the_same_for_everybody_is_sent_small_and_pages_with_secrets_are_not_compressed() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url()).with("accept-encoding", "gzip, deflate, br");
    let page = web.get("/recover").await;
    assert_eq!(page.header("content-encoding"), "");
    for asset in assets(&page).into_iter().filter(|path| path.contains("/portal.")) {
        let (small, whole) = (web.get(&asset).await, Web::new(portal.url()).get(&asset).await);
        assert_eq!(
            (small.header("content-encoding"), whole.header("content-encoding")),
            ("gzip", ""),
            "{asset}"
        );
        let length = |answer: &Answer| answer.header("content-length").parse::<usize>().unwrap();
        assert!(length(&small) < length(&whole), "{asset}");
        assert_eq!([small.header("vary"), whole.header("vary")], ["accept-encoding"; 2], "{asset}");
    }
}
